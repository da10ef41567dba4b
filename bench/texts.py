"""Texts of common words, as long as answers are: stand-ins where what is said does not matter."""

from __future__ import annotations

import random

COMMON = (
    "the of and to in is that it for was on are as with they be at one have this from or had by "
    "hot but some what there we can out other were all your when up use word how said an each she "
    "which do their time if will way about many then them would write like so these her long make "
    "thing see him two has look more day could go come did my sound no most number who over know "
    "water than call first people may down side been now find any new work part take get place "
    "made live where after back little only round man year came show every good me give our under"
)
WORDS = COMMON.split()


def some_text(rng: random.Random) -> str:
    """50 to 200 words."""
    return " ".join(rng.choices(WORDS, k=rng.randint(50, 200)))
