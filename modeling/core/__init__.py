"""Reward models from human preference data: a library without Django."""
