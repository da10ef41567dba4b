"""Seeded choices once more, in plain loops, and the golden file that they make.

`python -m tests.curation.core.balance.twins` prints the content of
`tests/curation/core/golden/balance.json`. The file never changes: what it holds decides which
rows released datasets have.
"""

import json
import random
import sys
from collections import Counter, defaultdict
from hashlib import blake2b
from math import floor, log

GOLDEN_SEEDS = (0, 7, -3)


def key(name, seed, purpose):
    text = f"{purpose}\0{seed}\0{name}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def in_drawn_order(ids, seed, purpose):
    """Positions of the ids in the order that a seed draws."""
    return sorted(range(len(ids)), key=lambda row: key(ids[row], seed, purpose))


def take(order, group_of, quota):
    """Rows that are taken when each group is served until its quota is full."""
    served, taken = Counter(), set()
    for row in order:
        group = group_of(row)
        if served[group] < quota(group):
            served[group] += 1
            taken.add(row)
    return taken


def slow_cap(groups, limit, ids, seed, priority=None):
    order = in_drawn_order(ids, seed, "cap")
    if priority is not None:
        order.sort(key=lambda row: -priority[row])
    taken = take(order, lambda row: groups[row], lambda _: limit)
    return [group is None or row in taken for row, group in enumerate(groups)]


def slow_subsample(ids, n, seed, groups=None):
    if groups is None:
        taken = set(in_drawn_order(ids, seed, "subsample")[:n])
        return [row in taken for row in range(len(ids))]
    sizes = Counter(groups)
    order = sorted(sizes, key=lambda name: key(name, seed, "subsample"))
    totals = [sum(sizes[name] for name in order[: k + 1]) for k in range(len(order))]
    best = min(range(len(order)), key=lambda k: (abs(totals[k] - n), k)) if order and n else -1
    kept = set(order[: best + 1])
    return [name in kept for name in groups]


def slow_equal_groups(groups, ids, seed):
    rarest = min(Counter(groups).values(), default=0)
    taken = take(in_drawn_order(ids, seed, "balance"), lambda row: groups[row], lambda _: rarest)
    return [row in taken for row in range(len(ids))]


def slow_lengths(chosen, rejected, ids, seed, edges):
    """Inner edges given; the same number of rows of either direction in each bin."""
    ratios = [log(1 + c) - log(1 + r) for c, r in zip(chosen, rejected, strict=True)]
    bins = [sum(abs(ratio) >= edge for edge in edges) for ratio in ratios]
    sides = [(ratio > 0) - (ratio < 0) for ratio in ratios]
    counts = defaultdict(Counter)
    for where, side in zip(bins, sides, strict=True):
        counts[where][side] += 1
    taken = take(
        in_drawn_order(ids, seed, "lengths"),
        lambda row: (bins[row], sides[row]),
        lambda group: min(counts[group[0]][1], counts[group[0]][-1]),
    )
    return [side == 0 or row in taken for row, side in enumerate(sides)]


def slow_sides(ids, seed):
    return [key(name, seed, "sides") % 2 == 1 for name in ids]


def slow_balanced_sides(left_won, ids, seed):
    flips = slow_sides(ids, seed)
    decided = [row for row in in_drawn_order(ids, seed, "left") if left_won[row] in (0, 1)]
    for place, row in enumerate(decided):
        winner_left = (place % 2 == 0) == slow_sides(ids, seed)[decided[0]]
        flips[row] = winner_left != (left_won[row] == 1)
    return flips


def golden():
    """Inputs made up once, and what each seed chooses of them."""
    maker = random.Random(20261128)
    n = 40
    inputs = {
        "ids": [f"item-{row}:α" for row in range(n)],
        "groups": [maker.choice("abcde") for _ in range(n)],
        "chosen": [floor(maker.expovariate(1 / 300)) for _ in range(n)],
        "rejected": [floor(maker.expovariate(1 / 250)) for _ in range(n)],
        "left_won": [maker.choice((0, 1, 0.5)) for _ in range(n)],
        "edges": [0.3, 0.8, 1.5],
        "limit": 3,
        "n": 15,
    }
    chosen = {str(seed): choices(inputs, seed) for seed in GOLDEN_SEEDS}
    return {"inputs": inputs, "chosen": chosen}


def choices(inputs, seed):
    ids, groups = inputs["ids"], inputs["groups"]
    masks = {
        "cap": slow_cap(groups, inputs["limit"], ids, seed),
        "subsample": slow_subsample(ids, inputs["n"], seed),
        "subsample_groups": slow_subsample(ids, inputs["n"], seed, groups),
        "groups": slow_equal_groups(groups, ids, seed),
        "lengths": slow_lengths(inputs["chosen"], inputs["rejected"], ids, seed, inputs["edges"]),
        "sides": slow_sides(ids, seed),
        "balanced_sides": slow_balanced_sides(inputs["left_won"], ids, seed),
    }
    return {name: [row for row, true in enumerate(mask) if true] for name, mask in masks.items()}


if __name__ == "__main__":
    json.dump(golden(), sys.stdout, indent=1, ensure_ascii=True)
    sys.stdout.write("\n")
