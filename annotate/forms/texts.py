"""The words of the project's forms: headings, labels and explanations."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from annotate.forms.common import Fieldset
from annotate.models import Project

QUESTIONS = (
    Fieldset(
        _("Questions: comparisons"),
        ("scale", "asks_aspects", "comparison_aspects"),
        kind="comparison",
    ),
    Fieldset(_("Questions: rankings"), ("ranking_mode",), kind="ranking"),
    Fieldset(
        _("Questions: ratings"),
        ("aspects", "rating_min", "rating_max", "rating_style", "rating_anchors"),
        kind="rating",
    ),
    Fieldset(_("Questions: steps"), ("steps_mode", "step_points"), kind="steps"),
    Fieldset(_("Questions: outcomes"), ("verifier", "shows_verdict"), kind="outcome"),
)
AROUND = (
    Fieldset(
        _("Queue"),
        ("overlap", "queue_order", "daily_cap", "items_per_annotator", "similarity_ceiling"),
        _("Who gets which item, and how many."),
    ),
    Fieldset(
        _("Quality"),
        ("gold_rate", "gold_feedback", "qualification_size", "qualification_pass"),
        _(
            "Gold items have a known answer and look like any other. Known answers come from "
            "imports with hidden labels or from decisions; mark their items as gold in the item "
            "browser."
        ),
    ),
    Fieldset(_("Who sees what"), ("hide_others", "hide_names")),
    Fieldset(
        _("Loop"),
        (
            "loop_enabled",
            "loop_round_size",
            "loop_random_share",
            "loop_max_rounds",
            "include_simulated",
        ),
        _("What happens when a round is full."),
    ),
)
WORDED: dict[str, type[TextChoices]] = {
    "scale": Project.Scale,
    "ranking_mode": Project.RankingMode,
    "rating_style": Project.RatingStyle,
    "steps_mode": Project.StepsMode,
    "verifier": Project.Verifier,
    "queue_order": Project.QueueOrder,
    "gold_feedback": Project.GoldFeedback,
}
LABELS = {
    "slug": _("Short name"),
    "name": _("Name"),
    "description": _("Description"),
    "scale": _("Grades of a comparison"),
    "asks_aspects": _("Ask about each aspect too"),
    "ranking_mode": _("How responses are ranked"),
    "rating_min": _("Lowest rating"),
    "rating_max": _("Highest rating"),
    "rating_style": _("How a rating is given"),
    "steps_mode": _("Which steps are labelled"),
    "verifier": _("Verifier"),
    "shows_verdict": _("Show what the verifier says"),
    "overlap": _("Judgments per item"),
    "queue_order": _("Order"),
    "daily_cap": _("Judgments per person and day"),
    "items_per_annotator": _("Judgments per person in all"),
    "similarity_ceiling": _("Most alike that responses may be"),
    "gold_rate": _("Share of gold items"),
    "gold_feedback": _("After a gold item"),
    "qualification_size": _("Items to qualify with"),
    "qualification_pass": _("Share that must be right"),
    "hide_others": _("Annotators see their own progress only"),
    "hide_names": _("Reviewers see numbers in place of names"),
    "loop_enabled": _("Turn the loop by itself"),
    "loop_round_size": _("Items per round"),
    "loop_random_share": _("Share picked at random"),
    "loop_max_rounds": _("Rounds at most"),
    "include_simulated": _("Use simulated judgments too"),
}
HELP = {
    "slug": _("Used in addresses and commands: lower-case letters, digits and hyphens."),
    "description": _("Shown on the project's page. Markdown works."),
    "scale": _("Judgments keep the scale they were made with."),
    "asks_aspects": _("One preference for each aspect, beside the overall one."),
    "ranking_mode": _("Picking the best and the worst is quicker where there are many responses."),
    "rating_style": "",
    "steps_mode": _("Stopping at the first error leaves the later steps unlabelled."),
    "verifier": _("A program that checks answers against the reference."),
    "shows_verdict": _("Hidden, it cannot sway anybody; shown, it saves time."),
    "overlap": _("How many people judge each item. For items imported from now on."),
    "queue_order": _("For slots made from now on, as when a round opens."),
    "daily_cap": _("Empty for no limit."),
    "items_per_annotator": _("Empty for no limit."),
    "similarity_ceiling": _(
        "From 0 to 1. Imported items whose responses are more alike than this are not asked."
    ),
    "gold_rate": _("From 0 to 1. With 0.1, one item in ten is a gold item."),
    "gold_feedback": _("Telling at once teaches; silence measures."),
    "qualification_size": _("Known items that newcomers judge before real work; 0 for none."),
    "qualification_pass": _(
        "From 0 to 1. Whoever gets less is not let in; you can still admit them."
    ),
    "hide_others": "",
    "hide_names": _("For fairness when answers are reviewed."),
    "loop_enabled": _("When a round is full: build a dataset, train, open the next round."),
    "loop_random_share": _("From 0 to 1. Random items measure what the picked ones gain."),
    "include_simulated": "",
}
