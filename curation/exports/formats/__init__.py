"""The ways a dataset version can be written: this project's own tables and those of others."""

from curation.core.errors import ExportError
from curation.exports.formats.base import Format, View
from curation.exports.formats.helpsteer import HELPSTEER2, HELPSTEER3
from curation.exports.formats.kto import KTO
from curation.exports.formats.nectar import NECTAR
from curation.exports.formats.openrlhf import OPENRLHF
from curation.exports.formats.own import OWN
from curation.exports.formats.prm800k import PRM800K
from curation.exports.formats.rewardbench import REWARDBENCH
from curation.exports.formats.trl import TRL, TRL_IMPLICIT, TRL_STANDARD
from curation.exports.formats.ultrafeedback import ULTRAFEEDBACK
from curation.exports.source import Source

FORMATS = {
    each.name: each
    for each in (
        OWN,
        TRL,
        TRL_IMPLICIT,
        TRL_STANDARD,
        KTO,
        OPENRLHF,
        REWARDBENCH,
        HELPSTEER2,
        HELPSTEER3,
        ULTRAFEEDBACK,
        NECTAR,
        PRM800K,
    )
}
"""Every format by name, this project's own first."""


def formats_for(kind: str) -> list[Format]:
    """Return the formats that versions of a kind can be written in."""
    return [each for each in FORMATS.values() if kind in each.kinds]


def check_format(name: str, kind: str) -> None:
    """Raise ExportError, naming the choices, where versions of a kind have no such format."""
    known = [each.name for each in formats_for(kind)]
    if name not in known:
        raise ExportError(f"A {kind} dataset has no format {name!r}; it has {', '.join(known)}.")


def plan(source: Source, name: str) -> tuple[View, ...]:
    """Return the tables that a version is written as. Raises ExportError as `check_format` does."""
    check_format(name, source.kind)
    return FORMATS[name].kinds[source.kind](source)


__all__ = ["FORMATS", "Format", "View", "check_format", "formats_for", "plan"]
