"""The aspects that a version's ratings have, which name columns in some formats."""

from curation.exports.source import Source


def aspects_of(source: Source) -> list[str]:
    """Return every aspect that a row is rated on, sorted; reads all rows once."""
    return sorted(
        {
            aspect
            for split in source.splits
            for row in source.rows(split)
            for aspect in row["aspects"]
        }
    )
