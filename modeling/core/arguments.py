"""Command-line arguments that several entry points share."""

import argparse
from pathlib import Path


def named_path(value: str) -> tuple[str, Path]:
    """Read "NAME=PATH"."""
    name, equals, path = value.partition("=")
    if not (name and equals and path):
        raise argparse.ArgumentTypeError("write NAME=PATH")
    return name, Path(path)
