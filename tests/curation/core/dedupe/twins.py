"""Near-duplicates as the definitions read: sets of tuples of words, every pair compared."""

import unicodedata
from itertools import combinations

from curation.core.dedupe.words import SELECTORS, UNSPACED_BLOCKS


def slow_fold(text):
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def within(character, blocks):
    return any(first <= ord(character) <= last for first, last in blocks)


def slow_words(text):
    """[(word, whether it is a character of an unspaced script)]"""
    found, word = [], ""
    for character in slow_fold(text) + " ":
        category = unicodedata.category(character)
        if category == "Cf" or within(character, SELECTORS):
            continue
        is_letter = category[0] in "LMN"
        is_unspaced = is_letter and within(character, UNSPACED_BLOCKS)
        if is_letter and not is_unspaced:
            word += character
            continue
        if word:
            found.append((word, False))
            word = ""
        if is_unspaced:
            found.append((character, True))
    return found


def slow_signs(text):
    return "".join(
        character
        for character in slow_fold(text)
        if not character.isspace()
        and unicodedata.category(character) not in ("Cc", "Cf")
        and not within(character, SELECTORS)
    )


def slow_shingles(text, words=3, characters=5):
    """The set of a text's shingles; of a text too short for any, all of it."""
    found = slow_words(text)
    tokens = tuple(word for word, _ in found)
    sizes = [characters if is_unspaced else words for _, is_unspaced in found]
    fitting = [k for k, size in enumerate(sizes) if k + size <= len(tokens)]
    if fitting:
        return frozenset(tokens[k : k + sizes[k]] for k in fitting)
    return frozenset([("whole", *tokens)] if tokens else [("signs", slow_signs(text))])


def jaccard(one, other):
    return len(one & other) / len(one | other)


def slow_pairs(texts, threshold):
    """{(row, later row): similarity} of all near-duplicates."""
    sets = [slow_shingles(text) for text in texts]
    found = {(i, j): jaccard(sets[i], sets[j]) for i, j in combinations(range(len(sets)), 2)}
    return {pair: value for pair, value in found.items() if value >= threshold - 1e-9}


def slow_clusters(texts, threshold):
    """The first row of each text's cluster."""
    cluster = list(range(len(texts)))
    for i, j in slow_pairs(texts, threshold):
        old, new = sorted((cluster[i], cluster[j]), reverse=True)
        cluster = [new if label == old else label for label in cluster]
    return cluster
