"""The words that rows store in English and pages show in the reader's language.

Rows, the API and files keep the English words; pages pass them through ``gettext``. They stand
here so that the catalogues know them.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

ROLES = (_("annotator"), _("reviewer"), _("manager"))
USER_KINDS = (_("person"), _("imported"), _("simulated"), _("machine"))
ITEM_KINDS = (_("comparison"), _("ranking"), _("rating"), _("steps"), _("outcome"))
DATASET_KINDS = (_("preference"), _("stepwise"), _("classification"))
RUN_STATUSES = (
    _("pending"),
    _("running"),
    _("succeeded"),
    _("failed"),
    _("cancelled"),
)
RUN_LABELS = (
    _("Import"),
    _("Dataset build"),
    _("Dataset preview"),
    _("Export"),
    _("Training"),
    _("Evaluation"),
    _("Selection"),
    _("Scoring"),
    _("Verification"),
    _("Judging"),
)
RUN_MESSAGES = (_("Waiting."),)
LOOP_STATES = (_("waiting"), _("blocked"), _("done"))
STRATEGIES = (_("low margin"), _("random"), _("import"))
ROUND_STATUSES = (_("draft"), _("open"), _("closed"))
ARMS = (_("active"), _("random"), _("adjudication"))
PURPOSES = (_("work"), _("gold"), _("qualification"), _("import"), _("machine"))
ASSIGNMENT_STATUSES = (
    _("free"),
    _("leased"),
    _("submitted"),
    _("skipped"),
    _("expired"),
    _("withdrawn"),
)
SPLITS = (_("train"), _("validation"), _("test"))
PROJECT_CHOICES = (
    _("binary: left or right"),
    _("Llama 2: four grades a side"),
    _("−3 … 3: three grades a side"),
    _("eight points: four grades a side"),
    _("order all, ties allowed"),
    _("pick the best and the worst"),
    _("one button a point"),
    _("a slider"),
    _("stop at the first error"),
    _("label every step"),
    _("as the round lists them"),
    _("highest priority first"),
    _("random"),
    _("by prompt: its items together"),
    _("say nothing"),
    _("say at once whether it was right"),
    _("none"),
    _("mathematics (math-verify)"),
    _("exact match"),
    _("regular expression"),
)
RESULTS = (
    _("prompts"),
    _("responses"),
    _("items"),
    _("judgments"),
    _("known answers"),
    _("duplicates"),
    _("near identical"),
    _("rows"),
    _("dropped"),
    _("dataset"),
    _("hash"),
    _("checkpoint"),
    _("round"),
    _("revised"),
    _("withdrawn"),
    _("already"),
    _("undecided"),
)
RECIPE = (
    _("kind"),
    _("aggregate"),
    _("seed"),
    _("include simulated"),
    _("dedupe"),
    _("version"),
    _("yes"),
    _("no"),
    _("auto"),
    _("exact"),
    _("majority"),
    _("mean"),
    _("mean rank"),
)
REASONS = (
    _("tie"),
    _("both good"),
    _("both bad"),
    _("unsafe"),
    _("cannot judge"),
    _("no label"),
    _("identical responses"),
    _("not finite"),
    _("give up"),
    _("bad problem"),
)
