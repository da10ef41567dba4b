"""Small examples of every kind, without files."""

from modeling.core.data import (
    Message,
    OutcomeExample,
    PreferenceExample,
    RankingExample,
    StepwiseExample,
)


def prompt(number):
    return (Message("user", f"Question {number}?"),)


def pair(number=0, *, chosen="yes please", rejected="no", **values):
    return PreferenceExample(
        prompt=prompt(number), chosen=chosen, rejected=rejected, group=f"g{number}", **values
    )


def ranking(number, completions, tiers, **values):
    return RankingExample(
        prompt=prompt(number),
        completions=tuple(completions),
        tiers=tuple(tuple(tier) for tier in tiers),
        group=f"g{number}",
        **values,
    )


def outcome(number, completion, label, **values):
    return OutcomeExample(
        prompt=prompt(number),
        completion=completion,
        label=label,
        label_probability=float(label),
        group=f"g{number}",
        **values,
    )


def solution(number, labels, **values):
    return StepwiseExample(
        prompt=prompt(number),
        steps=tuple(f"step {k}" for k in range(len(labels))),
        labels=tuple(labels),
        soft_labels=tuple(map(float, labels)),
        step_weights=(1.0,) * len(labels),
        group=f"g{number}",
        **values,
    )
