"""What models learn from: dataset directories, loose pair files, and the template of a text."""

from modeling.core.data.directory import SPLITS, Dataset, read_dataset
from modeling.core.data.fields import Example
from modeling.core.data.kinds import (
    SIGNS,
    ClassificationExample,
    OutcomeExample,
    RankingExample,
    RatingExample,
    ResponseExample,
    StepwiseExample,
)
from modeling.core.data.preference import PairFile, PreferenceExample, read_pairs
from modeling.core.data.texts import (
    TEMPLATE,
    Message,
    TextParts,
    group_of,
    parse_messages,
    parse_prompt,
    parse_turns,
    render,
    render_parts,
)

__all__ = [
    "SIGNS",
    "SPLITS",
    "TEMPLATE",
    "ClassificationExample",
    "Dataset",
    "Example",
    "Message",
    "OutcomeExample",
    "PairFile",
    "PreferenceExample",
    "RankingExample",
    "RatingExample",
    "ResponseExample",
    "StepwiseExample",
    "TextParts",
    "group_of",
    "parse_messages",
    "parse_prompt",
    "parse_turns",
    "read_dataset",
    "read_pairs",
    "render",
    "render_parts",
]
