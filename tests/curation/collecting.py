"""What a recipe reads of a project, kept beyond the temporary file."""

from __future__ import annotations

from curation.convert import collected
from curation.core.records import Corpus
from curation.recipe import Recipe


def collect(project, *, kind, include_simulated=False, cutoff=None, **recipe):
    """Corpus and records."""
    recipe = Recipe(kind, include_simulated=include_simulated, **recipe)
    with collected(project, recipe, cutoff=cutoff) as (corpus, records):
        texts = Corpus(
            dict(corpus.prompts), dict(corpus.responses), corpus.categories, corpus.sources
        )
        return texts, records
