"""Typed readers of environment variables: the one place where the environment is read.

Every read is remembered in ``KNOWN``, so that a test can compare ``.env.example`` with it.
"""

from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

KNOWN: dict[str, str] = {}
TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def load_dotenv(path: Path) -> None:
    """Read NAME=value lines of a ``.env`` file; what the environment already has wins."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, sign, value = line.strip().partition("=")
        if sign and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("\"'"))


def text(name: str, default: str | None = None, *, why: str = "") -> str:
    """The variable as text; without a default a missing one explains its own fix."""
    KNOWN[name] = why
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set {name} in the environment or in .env: {why}")
    return value


def flag(name: str, default: bool, *, why: str = "") -> bool:
    """The variable as a yes or no."""
    value = text(name, str(default), why=why).strip().lower()
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return value in TRUE


def integer(name: str, default: int, *, why: str = "") -> int:
    """The variable as a whole number."""
    value = text(name, str(default), why=why)
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from error


def words(name: str, default: str = "", *, why: str = "") -> list[str]:
    """The variable as a list, separated by commas."""
    return [word.strip() for word in text(name, default, why=why).split(",") if word.strip()]


def folder(name: str, default: Path, *, why: str = "") -> Path:
    """The variable as an absolute path."""
    return Path(text(name, str(default), why=why)).expanduser().resolve()
