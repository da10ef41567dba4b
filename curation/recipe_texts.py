"""What the recipe editor calls each setting, and the words of its choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

STEPS: Mapping[str, tuple[Any, Any]] = {
    "": (_("What a row is"), ""),
    "select": (
        _("Judgments"),
        _("Which judgments take part. Decisions of reviewers always do."),
    ),
    "dedupe": (
        _("Duplicates"),
        _(
            "Judgments of items that ask the same are pooled, none is dropped; where they "
            "contradict each other, the item goes to review. Near-duplicates are never merged: "
            "they share a split."
        ),
    ),
    "texts": (_("Texts"), _("Which items take part, by what they say.")),
    "decontaminate": (
        _("Evaluation sets"),
        _("Items leave whose prompt repeats a text of a set that a model is tested on later."),
    ),
    "rows": (_("Rows"), _("Which rows stay once the votes are in.")),
    "balance": (
        _("Balance"),
        _(
            "How rows are evened out, in this order. The preview shows what predictors score that "
            "see lengths or places alone."
        ),
    ),
}
"""Title and explanation of each step, in the order they are taken."""

LABELS: Mapping[str, Any] = {
    "kind": _("Kind"),
    "aggregate": _("Aggregation"),
    "aspect": _("Aspect"),
    "sources": _("Made from"),
    "seed": _("Seed"),
    "include_simulated": _("Include simulated judgments"),
    "include_machine": _("Include programs: verifiers, rollouts, models that judge"),
    "until": _("Judgments until"),
    "select.min_seconds": _("Seconds at least"),
    "select.max_seconds": _("Seconds at most"),
    "select.min_reliability": _("Reliability of the annotator at least"),
    "select.min_judgments": _("Judgments of the annotator at least"),
    "select.max_per_annotator": _("Judgments taken of each annotator at most"),
    "select.annotators_out": _("Without these annotators"),
    "select.flags_out": _("Without judgments that are"),
    "texts.languages": _("Languages of the prompt"),
    "texts.min_chars": _("Characters of every response at least"),
    "texts.max_chars": _("Characters of every response at most"),
    "texts.max_prompt_chars": _("Characters of the prompt at most"),
    "texts.drop_empty": _("Without empty responses"),
    "decontaminate.against": _("Stay away from"),
    "decontaminate.ngram": _("Words in a row that make a repetition"),
    "decontaminate.threshold": _("Similarity that makes a repetition"),
    "dedupe.exact": _("Pool the judgments of items that ask the same"),
    "dedupe.near": _("Similarity of near-duplicate prompts"),
    "dedupe.embeddings": _("Vectors of the prompts"),
    "dedupe.semantic": _("Cosine of prompts that mean the same"),
    "rows.min_votes": _("Votes at least"),
    "rows.min_agreement": _("Share of the votes for the answer at least"),
    "rows.min_probability": _("Probability of the answer at least"),
    "rows.drop_unsafe": _("Without rows that anybody marked unsafe"),
    "balance.splits": _("Splits to balance"),
    "balance.max_per_prompt": _("Rows of a prompt at most"),
    "balance.max_per_cluster": _("Rows of a near-duplicate cluster at most"),
    "balance.cluster_on": _("Clusters of"),
    "balance.by": _("As many rows for each"),
    "balance.by_mode": _("By means of"),
    "balance.topics": _("File of topics"),
    "balance.embeddings": _("Vectors to find topics in"),
    "balance.n_topics": _("Topics to find"),
    "balance.lengths": _("So that “the longer one wins” tells nothing"),
    "balance.classes": _("So that every label has the same share"),
    "balance.subsample": _("Rows at most in all, whole prompts at a time"),
    "balance.sides": _("Sides in the canonical file"),
}

HELP: Mapping[str, Any] = {
    "aggregate": _("How several votes become one. Auto takes what predicts held-out votes best."),
    "aspect": _("Empty: the overall question, or all rated aspects together."),
    "seed": _("Every random choice takes it: the same recipe and judgments give the same bytes."),
    "select.min_seconds": _("Active time; where nobody measured it, the judgment stays."),
    "select.min_reliability": _("From 0 to 1, as a first aggregation measures it."),
    "select.annotators_out": _("User names, ids or hashes, with commas between."),
    "texts.languages": _("Codes with commas between: en, de. Texts too short to tell stay."),
    "decontaminate.threshold": _("Jaccard similarity of word triples, from 0.1 to 1."),
    "dedupe.near": _("Jaccard similarity of word triples, from 0 to 1. 0 turns the search off."),
    "rows.min_probability": _("From 0 to 1, after aggregation."),
    "balance.splits": _("The others stay as judged."),
    "balance.topics": _("Instead of topics that are found."),
    "balance.sides": _("Drawn, so that place tells nothing, or as the item has them."),
}

NEEDS: Mapping[str, str] = {
    "decontaminate.ngram": "evaluation",
    "decontaminate.threshold": "evaluation",
    "dedupe.semantic": "vectors",
    "balance.by_mode": "groups",
    "balance.topics": "topics",
    "balance.embeddings": "topics",
    "balance.n_topics": "topics",
}
"""Settings that say something once another is set, by the name that the style sheet has for it."""

WORDS: Mapping[str, Any] = {
    "": _("nothing"),
    "surplus": _("beyond the overlap"),
    "unknown_order": _("of unknown display order"),
    "positional": _("by nameless raters"),
    "edited": _("edited afterwards"),
    "off": _("leave as it is"),
    "drop": _("dropping rows"),
    "weight": _("weights"),
    "stored": _("as stored"),
    "random": _("drawn by the seed"),
    "sources.comparison": _("comparisons"),
    "sources.ranking": _("rankings"),
    "sources.rating": _("ratings"),
    "dawid_skene": _("Dawid–Skene"),
    "one_coin": _("one-coin Dawid–Skene"),
    "bradley_terry": _("Bradley–Terry"),
    "crowd_bt": _("Crowd Bradley–Terry"),
    "plackett_luce": _("Plackett–Luce"),
    "kemeny": _("Kemeny"),
    "first_error": _("first-error model"),
    "mean_rank": _("mean rank (Borda)"),
    "centred": _("mean, centred for each annotator"),
    "standardised": _("mean, standardised for each annotator"),
    "weighted": _("mean, weighted by reliability"),
    "cumulative_logit": _("cumulative logit"),
    "thurstone": _("Thurstone, from comparisons"),
}
"""Where a value's name is no word for people, some for one setting only.

The others are in ``annotate.words``.
"""

NOUNS = (
    gettext_noop("response"),
    gettext_noop("prompt"),
    gettext_noop("pair"),
    gettext_noop("source"),
    gettext_noop("category"),
    gettext_noop("topic"),
    gettext_noop("acceptable"),
    gettext_noop("unacceptable"),
    gettext_noop("by aspect"),
)

REASONS = (
    gettext_noop("annotator left out"),
    gettext_noop("surplus"),
    gettext_noop("unknown order"),
    gettext_noop("positional"),
    gettext_noop("edited"),
    gettext_noop("too few judgments"),
    gettext_noop("too fast"),
    gettext_noop("too slow"),
    gettext_noop("annotator cap"),
    gettext_noop("unreliable"),
    gettext_noop("language"),
    gettext_noop("prompt too long"),
    gettext_noop("too short"),
    gettext_noop("too long"),
    gettext_noop("empty response"),
    gettext_noop("evaluation ngram"),
    gettext_noop("evaluation near duplicate"),
    gettext_noop("no class"),
    gettext_noop("aspect not asked"),
    gettext_noop("gave up"),
    gettext_noop("too few votes"),
    gettext_noop("low agreement"),
    gettext_noop("low probability"),
    gettext_noop("marked unsafe"),
    gettext_noop("prompt cap"),
    gettext_noop("cluster cap"),
    gettext_noop("source balance"),
    gettext_noop("category balance"),
    gettext_noop("topic balance"),
    gettext_noop("length balance"),
    gettext_noop("class balance"),
    gettext_noop("subsample"),
)
