"""Judged items and versions built from them, in few words."""

from __future__ import annotations

from annotate.services.runs import perform
from curation.recipe import Recipe
from curation.services import build, request_dataset
from tests.curation.saying import say, side
from tests.factories import PromptFactory, make_annotator, make_item


def ask(project, question, contents=("Yes.", "No."), *, split="train", **item):
    """An item whose prompt is this question."""
    prompt = PromptFactory(messages=[{"role": "user", "content": question}], split=split)
    return make_item(project, prompt=prompt, contents=contents, **item)


def judged(project, question, *choices, contents=("Yes.", "No."), people=None, **item):
    """An item compared once for each choice, by new people where none are named."""
    found = ask(project, question, contents, **item)
    people = people or [make_annotator(project) for _ in choices]
    for person, choice in zip(people, choices, strict=True):
        say(found, person, side(choice))
    return found


def run_of(project, kind="preference", *, until=None, is_preview=False, **settings):
    """A curation run that has been done."""
    recipe = Recipe(kind, **{"aggregate": "majority"} | settings)
    run = request_dataset(project, recipe=recipe, by=None, cutoff=until, is_preview=is_preview)
    done = perform(run, build)
    done.refresh_from_db()
    return done


def version(project, kind="preference", **settings):
    """A dataset version."""
    return run_of(project, kind, **settings).dataset


def row_ids(dataset, name="train"):
    """The ids of a file's rows, in its order."""
    import pyarrow.parquet as pq

    path = dataset.directory / f"{name}.parquet"
    return pq.read_table(path, columns=["id"])["id"].to_pylist()
