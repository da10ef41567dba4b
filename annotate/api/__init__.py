"""The HTTP API of annotation: one view per action, described completely by its schema."""
