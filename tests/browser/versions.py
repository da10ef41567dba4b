"""The pages of datasets in a running installation: versions, previews, rows, comparisons."""

from __future__ import annotations

CODE = """
import json
from annotate.models import Item, Project, User
from curation.models import DatasetVersion, ProjectFile
from curation.recipe import Balance, FilterTexts, SelectJudgments
from curation.stored_rows import rows_between
from django.urls import reverse
from tests.curation.building import run_of
from tests.curation.saying import say, side
from tests.factories import PromptFactory, make_item

project = Project.objects.get(slug={slug!r})
asked = Item.objects.filter(project=project, kind="comparison", assignments__judgment__isnull=False)
item = asked.with_texts().order_by("pk").first()
turns = [dict(turn) for turn in item.prompt.messages]
turns[-1]["content"] += " "
twin = make_item(
    project,
    prompt=PromptFactory(messages=turns, split=item.prompt.split),
    contents=[response.content + "\\n" for response in item.ordered_responses()],
)
for choice in ("left", "right"):
    say(twin, User.objects.create(username="twin-" + choice + project.slug), side(choice))
ProjectFile.objects.create(project=project, purpose="evaluation", name="exam", rows=3)
whole = dict(include_simulated=True)
some = dict(include_simulated=True, texts=FilterTexts(min_chars=40, languages=("en",)),
            select=SelectJudgments(max_per_annotator=40), balance=Balance(lengths="drop"))
before = run_of(project, **whole).dataset
after = run_of(project, include_simulated=True, balance=Balance(lengths="weight")).dataset
preview = run_of(project, is_preview=True, **some)
split = next(name for name, rows in after.row_counts.items() if rows)
row = rows_between(after, split, 0, 1)[0]["id"]


def page(name, dataset, *more, query=""):
    return reverse("curation:" + name, args=[dataset.public_id, *more]) + query


print(json.dumps([
    page("dataset-detail", after),
    page("dataset-rows", after),
    page("dataset-rows", after, query="?id=nothing"),
    page("dataset-row", after, row),
    page("dataset-left-out", after),
    page("dataset-compare", after, query="?with=" + str(before.public_id)),
    page("recipe-preview", preview),
    reverse("curation:recipe-edit", args=[project.slug]) + "?run=" + str(preview.public_id),
    reverse("curation:recipe-edit", args=[project.slug]) + "?kind=stepwise",
    reverse("curation:file-list", args=[project.slug]),
    *(page("adjudicate", one) for one in (item, twin)),
]))
"""


def dataset_pages(installation, slug):
    """Make versions of a project with comparisons; returns the addresses of their pages."""
    return installation.python(CODE.format(slug=slug))
