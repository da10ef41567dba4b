"""What is measured of reward models besides the figures of `evaluate` and `metrics`.

`basics` has what all of them use; then length control, agreement with divided votes, baselines,
RewardBench, best-of-N, probes, predictions of single items and the comparison of two models.
Import the modules: this package loads none of them by itself.
"""
