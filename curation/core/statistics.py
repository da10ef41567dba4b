"""Numbers that describe a dataset and what it was made from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from curation.core.builders import Candidate
from curation.core.records import SPLITS, Split
from curation.core.rows import PreferenceRow, Row
from curation.recipe import Kind


def describe(
    kind: Kind,
    candidates: Sequence[Candidate],
    rows: Mapping[Split, Sequence[Row]],
    length: Mapping[str, int],
) -> dict[str, Any]:
    """Statistics of the rows and of the votes behind them and behind what was dropped.

    `length` is in characters, by response.

    `prompts` counts distinct groups. `votes_per_item` counts would-be rows by their number of
    votes (keys are text, as in JSON). `agreement_share` is the share of those with several votes
    whose votes all agree, `agreement_items` their number; a share of nothing is None.
    """
    voted = [each for each in candidates if each.votes > 1]
    histogram = Counter(each.votes for each in candidates)
    return {
        "rows": {split: len(rows[split]) for split in SPLITS},
        "prompts": {split: len({row.group for row in rows[split]}) for split in SPLITS},
        "votes_per_item": {str(votes): histogram[votes] for votes in sorted(histogram)},
        "votes_excluded": _sorted(Counter(why for each in candidates for why in each.excluded)),
        "agreement_share": _share(sum(each.unanimous for each in voted), len(voted)),
        "agreement_items": len(voted),
        **_of_kind(kind, candidates, length),
    }


def _of_kind(
    kind: Kind, candidates: Sequence[Candidate], length: Mapping[str, int]
) -> dict[str, float | None]:
    """What only datasets of one kind have."""
    if kind == "preference":
        return _preference_shares(candidates, length)
    if kind == "stepwise":
        return {
            note: sum(each.notes.get(note, 0) for each in candidates)
            for note in ("steps_joined", "steps_cut_after_error", "steps_cut_unlabelled")
        }
    return {}


def _preference_shares(
    candidates: Sequence[Candidate], length: Mapping[str, int]
) -> dict[str, float | None]:
    """How often the chosen response is the longer one, and the left one in stored order.

    Length is in characters; equal lengths count one half, so 0.5 is no preference for length.
    """
    rows = [each.row for each in candidates if each.is_kept and isinstance(each.row, PreferenceRow)]
    return {
        "chosen_longer_share": _share(sum(_longer(row, length) for row in rows), len(rows)),
        "left_win_share": _share(sum(row.chosen_is_first for row in rows), len(rows)),
    }


def _longer(row: PreferenceRow, length: Mapping[str, int]) -> float:
    chosen, rejected = length[row.chosen_id], length[row.rejected_id]
    return 0.5 if chosen == rejected else float(chosen > rejected)


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: counts[name] for name in sorted(counts)}
