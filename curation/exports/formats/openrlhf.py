"""OpenRLHF's reward and process-reward rows.

Pairs are for `--apply_chat_template` with `--prompt_key prompt`; a missing margin is 0, which its
loss takes for none. Steps are one text in which a mark ends each step (`--placeholder_token`), and
one label for each mark.
"""

from collections.abc import Callable, Iterator

import pyarrow as pa

from curation.core.errors import ExportError
from curation.exports.formats.base import Format, View, each, table
from curation.exports.formats.texts import MESSAGES, TEXTS
from curation.exports.source import Source, Values

MARKS = ("ки", "<extra_0>")
"""Math-Shepherd's mark, and that of Qwen's process reward models where a text holds the first."""

GOOD, BAD = "+", "-"


def _pair(row: Values) -> Iterator[Values]:
    yield {
        "prompt": row["prompt"],
        "chosen": row["chosen"],
        "rejected": row["rejected"],
        "margin": row["target_margin"] or 0.0,
    }


def _plan_steps(source: Source) -> tuple[View, ...]:
    schema = pa.schema(
        {
            "input": pa.string(),
            "label": TEXTS,
            "soft_label": pa.list_(pa.float64()),
            "mark": pa.string(),
        }
    )
    return (View("openrlhf", schema, each(_marking(_free_mark(source)))),)


def _free_mark(source: Source) -> str:
    """Return the first mark that no text holds, since labels are matched to marks by number."""
    free = list(MARKS)
    for split in source.splits:
        for row in source.rows(split):
            texts = (row["prompt"], *row["completions"])
            free = [mark for mark in free if not any(mark in text for text in texts)]
    if not free:
        raise ExportError(
            f"Some texts hold each of the step marks {', '.join(MARKS)}: choose another format."
        )
    return free[0]


def _marking(mark: str) -> Callable[[Values], Iterator[Values]]:
    def convert(row: Values) -> Iterator[Values]:
        steps = "\n".join(f"{step} {mark}" for step in row["completions"])
        yield {
            "input": f"{row['prompt']} {steps}",
            "label": [GOOD if right else BAD for right in row["labels"]],
            "soft_label": row["soft_labels"],
            "mark": mark,
        }

    return convert


OPENRLHF = Format(
    "openrlhf",
    {
        "preference": table(
            "openrlhf",
            {"prompt": MESSAGES, "chosen": MESSAGES, "rejected": MESSAGES, "margin": pa.float64()},
            _pair,
        ),
        "stepwise": _plan_steps,
    },
)
