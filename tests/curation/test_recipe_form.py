"""The recipe editor's form: every setting goes through it and comes back equal."""

from dataclasses import replace

import pytest
from django.utils import timezone, translation
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from curation.core.errors import RecipeError
from curation.models import ProjectFile
from curation.recipe import (
    KINDS,
    METHODS,
    Balance,
    Decontaminate,
    Dedupe,
    FilterRows,
    FilterTexts,
    Recipe,
    SelectJudgments,
)
from curation.recipe_form import RecipeForm
from curation.recipe_settings import FOR_KINDS, LIMITS, flat, nested, settings
from curation.recipe_texts import LABELS, NEEDS, STEPS
from curation.recipe_words import recipe_in_words, setting_in_words, step_in_words
from tests.curation.building import judged
from tests.factories import ProjectFactory, make_annotator

pytestmark = pytest.mark.django_db

EVERYTHING = Recipe(
    "preference",
    aggregate="crowd_bt",
    seed=7,
    include_simulated=True,
    include_machine=True,
    aspect="helpful",
    sources=("comparison", "ranking"),
    select=SelectJudgments(
        min_seconds=1.5,
        max_seconds=900.0,
        min_reliability=0.55,
        min_judgments=3,
        max_per_annotator=40,
        annotators_out=("0123456789abcdef",),
        flags_out=("surplus", "edited"),
    ),
    texts=FilterTexts(
        languages=("de", "en"),
        min_chars=5,
        max_chars=5_000,
        max_prompt_chars=20_000,
        drop_empty=True,
    ),
    decontaminate=Decontaminate(against=("exam", "quiz"), ngram=10, threshold=0.75),
    dedupe=Dedupe(exact=False, near=0.65, embeddings="vectors", semantic=0.9),
    rows=FilterRows(min_votes=2, min_agreement=0.6, min_probability=0.7, drop_unsafe=True),
    balance=Balance(
        splits=("train", "test"),
        max_per_prompt=4,
        max_per_cluster=9,
        cluster_on="pair",
        by="topic",
        by_mode="weight",
        topics="themes",
        embeddings="vectors",
        n_topics=12,
        lengths="weight",
        subsample=1_000,
        sides="stored",
    ),
)


@pytest.fixture
def project():
    found = ProjectFactory(slug="cheer")
    for purpose, name in (
        ("evaluation", "exam"),
        ("evaluation", "quiz"),
        ("embeddings", "vectors"),
        ("topics", "themes"),
    ):
        ProjectFile.objects.create(project=found, purpose=purpose, name=name, rows=1)
    return found


def posted(form):
    """What a browser sends back of a form that nobody touches."""
    data = {}
    for field in form:
        value = field.value()
        if value is True:
            data[field.html_name] = "on"
        elif isinstance(value, list):
            data[field.html_name] = [str(one) for one in value]
        elif value is not None and value is not False:
            data[field.html_name] = str(value)
    return data


def sent_back(project, recipe, **changes):
    data = posted(RecipeForm(project, recipe=recipe)) | changes
    form = RecipeForm(project, data, recipe=recipe)
    return form, form.is_valid()


def test_every_setting_comes_back_equal(project):
    form, is_valid = sent_back(project, EVERYTHING)
    assert is_valid, form.errors
    assert form.recipe == EVERYTHING


def test_every_setting_of_that_recipe_is_no_default():
    """So that the round trip above means something."""
    plain, given = flat(Recipe("preference")), flat(EVERYTHING)
    same = {name for name in plain if plain[name] == given[name]}
    assert same == {"kind", "balance.classes"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_defaults_of_every_kind_come_back_equal(project, kind):
    form, is_valid = sent_back(project, Recipe(kind))
    assert is_valid, form.errors
    assert form.recipe == Recipe(kind)


@pytest.mark.parametrize(
    ("kind", "method"), [(k, m) for k, names in METHODS.items() for m in names]
)
def test_every_way_of_aggregating_can_be_chosen(project, kind, method):
    form, is_valid = sent_back(project, Recipe(kind), aggregate=method)
    assert is_valid, form.errors
    assert form.recipe.aggregate == method


def test_what_only_other_kinds_have_comes_back(project):
    recipe = Recipe("outcome", include_machine=True, balance=Balance(classes="drop"))
    assert sent_back(project, recipe)[0].recipe == recipe


@hypothesis_settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_numbers_come_back_equal(project, data):
    numbers = {
        name: data.draw(_number(name), label=name)
        for name, hint in settings().items()
        if name in LIMITS
    }
    numbers |= {"balance.by": "", "select.max_seconds": None, "texts.max_chars": None}
    recipe = Recipe.from_dict(nested(flat(Recipe("ranking")) | numbers))
    form, is_valid = sent_back(project, recipe)
    assert is_valid, form.errors
    assert form.recipe == recipe


def _number(name):
    low, high = LIMITS[name]
    hint = str(settings()[name])
    if "float" in hint:
        value = st.floats(low, 10_000 if high is None else high)
    else:
        value = st.integers(int(low), 10_000 if high is None else int(high))
    return st.none() | value if "None" in hint else value


@pytest.mark.parametrize("name", LIMITS)
def test_the_limits_are_the_recipes_own(name):
    """A form that took more would send on what no recipe takes; one that took less hides it."""
    low, high = LIMITS[name]
    whole = "float" not in str(settings()[name])
    step = 1 if whole else 0.01

    def takes(value):
        value = int(value) if whole else float(value)
        try:
            Recipe.from_dict(nested(flat(Recipe("preference")) | {name: value}))
        except RecipeError:
            return False
        return True

    assert takes(low)
    assert not takes(low - step)
    assert high is None or takes(high)
    assert high is None or name == "seed" or not takes(high + step)


def test_every_setting_has_a_name_for_people_and_a_step():
    names = {*settings(), "until"}
    assert names == set(LABELS)
    assert set(NEEDS) <= names
    assert set(FOR_KINDS) <= names
    assert {name.partition(".")[0] for name in names if "." in name} == set(STEPS) - {""}


@pytest.mark.parametrize(
    ("changes", "field", "why"),
    [
        ({"kind": "essay"}, "kind", "valid choice"),
        ({"aggregate": "plackett_luce"}, "aggregate", "not aggregated in this way"),
        ({"sources": []}, "sources", "at least one"),
        ({"seed": ""}, "seed", "required"),
        ({"seed": "-1"}, "seed", "greater than or equal"),
        ({"rows.min_votes": "0"}, "rows.min_votes", "greater than or equal"),
        ({"rows.min_agreement": "1.01"}, "rows.min_agreement", "less than or equal"),
        ({"rows.min_agreement": "nan"}, "rows.min_agreement", "number"),
        ({"select.min_seconds": "9", "select.max_seconds": "8"}, "select.max_seconds", "less than"),
        ({"texts.min_chars": "9", "texts.max_chars": "8"}, "texts.max_chars", "less than"),
        ({"texts.languages": "en, klingon"}, "texts.languages", "klingon"),
        ({"select.annotators_out": "nobody"}, "select.annotators_out", "nobody"),
        ({"decontaminate.against": ["gone"]}, "decontaminate.against", "valid choice"),
        ({"balance.by": "topic"}, "balance.by", "file of topics"),
        ({"until": "2999-01-01T00:00"}, "until", "still to come"),
        ({"until": "soon"}, "until", "valid date"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(project, changes, field, why):
    form, is_valid = sent_back(project, Recipe("preference"), **changes)
    assert not is_valid
    assert list(form.errors) == [field]
    assert why in str(form.errors[field])
    wrong = next(
        step for step in form.steps() if any(one.field.name == field for one in step.settings)
    )
    assert wrong.is_open


def test_a_topic_may_be_found_or_given(project):
    for files in (
        {"balance.topics": "themes"},
        {"balance.embeddings": "vectors", "balance.n_topics": "5"},
    ):
        assert sent_back(project, Recipe("preference"), **{"balance.by": "topic"} | files)[1]


def test_what_says_nothing_of_a_kind_is_left_at_its_default(project):
    changed = replace(EVERYTHING, aggregate="auto")
    form, is_valid = sent_back(project, changed, kind="stepwise")
    assert is_valid, form.errors
    plain = Recipe("stepwise")
    assert form.recipe.balance.lengths == "off"
    assert form.recipe.sources == plain.sources
    assert form.recipe.aspect == ""
    assert form.recipe.rows.min_votes == 2


def test_annotators_are_named_by_their_user_names(project):
    people = [make_annotator(project, username=name) for name in ("ann", "bob")]
    judged(project, "Dogs?", "left", "left", people=people)
    judged(ProjectFactory(), "Dogs?", "left", people=[make_annotator(project, username="eve")])
    form, is_valid = sent_back(
        project, Recipe("preference"), **{"select.annotators_out": "bob, 0123456789abcdef ,bob"}
    )
    assert is_valid, form.errors
    out = form.recipe.select.annotators_out
    assert out == (str(people[1].public_id), "0123456789abcdef")
    shown = RecipeForm(project, recipe=form.recipe)["select.annotators_out"].value()
    assert shown == "bob, 0123456789abcdef"
    assert sent_back(project, form.recipe)[0].recipe == form.recipe
    assert not sent_back(project, form.recipe, **{"select.annotators_out": "eve"})[1]


def test_only_steps_with_something_in_them_are_open(project):
    shown = {step.name: step for step in RecipeForm(project, recipe=Recipe("preference")).steps()}
    assert [name for name, step in shown.items() if step.is_open] == [""]
    recipe = Recipe("preference", texts=FilterTexts(min_chars=5))
    shown = {step.name: step for step in RecipeForm(project, recipe=recipe).steps()}
    assert [name for name, step in shown.items() if step.is_open] == ["", "texts"]
    assert shown["texts"].changed == (("Characters of every response at least", "5"),)


def test_without_an_evaluation_set_its_step_says_so():
    form = RecipeForm(ProjectFactory(), recipe=Recipe("preference"))
    (step,) = [step for step in form.steps() if step.lacks_files]
    assert (step.name, step.settings) == ("decontaminate", ())
    assert sent_back(ProjectFactory(), Recipe("preference"))[1]


def test_a_moment_that_has_passed_is_the_cut_off(project):
    form, is_valid = sent_back(project, Recipe("preference"), until="2020-02-03T04:05:06")
    assert is_valid
    assert form.cutoff == timezone.make_aware(timezone.datetime(2020, 2, 3, 4, 5, 6))
    assert sent_back(project, Recipe("preference"))[0].cutoff is None


def test_a_recipe_is_told_in_words():
    words = dict(recipe_in_words(EVERYTHING.to_dict()))
    assert words["Aggregation"] == "Crowd Bradley–Terry"
    assert words["Without judgments that are"] == "beyond the overlap, edited afterwards"
    assert words["Include simulated judgments"] == "yes"
    assert words["Rows at most in all, whole prompts at a time"] == "1,000"
    assert "So that every label has the same share" not in words
    assert list(dict(recipe_in_words({"kind": "outcome"}))) == [
        "Kind",
        "Aggregation",
        "Seed",
        "Include simulated judgments",
    ]
    with translation.override("de"):
        assert dict(recipe_in_words({"kind": "outcome"}))


def test_a_recipe_of_another_release_is_shown_as_it_stands():
    assert recipe_in_words({"kind": "poem", "rhymes": True}) == [
        ("kind", "poem"),
        ("rhymes", "True"),
    ]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("seed", 1234567, "1234567"),
        ("rows.min_votes", 1234567, "1,234,567"),
        ("rows.min_agreement", 0.5, "0.5"),
        ("select.max_seconds", None, "none"),
        ("texts.languages", ["en", "de"], "en, de"),
        ("sources", ["rating"], "ratings"),
        ("kind", "rating", "rating"),
        ("balance.lengths", "off", "leave as it is"),
    ],
)
def test_a_value_in_words(name, value, words):
    assert setting_in_words(name, value) == words


def test_a_step_in_words_tells_what_it_is_asked():
    assert step_in_words(Recipe("ranking"), "rows") == []
    assert step_in_words(EVERYTHING, "decontaminate")[0] == ("Stay away from", "exam, quiz")
