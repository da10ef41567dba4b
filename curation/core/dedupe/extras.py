"""Optional packages, loaded when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from curation.core.errors import CurationError


def load_extra(module: str, extra: str) -> Any:
    """The module; raises CurationError that names the extra which brings it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise CurationError(
            f"This needs {module}: install it with pip install 'tiebreak[{extra}]'."
        ) from error
