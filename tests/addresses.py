"""Every named address of the site, read from the URL patterns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def named(resolver: Any, spaces: Sequence[str] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
    """The full name of each address and the converters of what it takes."""
    for entry in resolver.url_patterns:
        if hasattr(entry, "url_patterns"):
            yield from named(entry, [*spaces, entry.namespace] if entry.namespace else spaces)
        elif entry.name:
            yield ":".join([*spaces, entry.name]), entry.pattern.converters
