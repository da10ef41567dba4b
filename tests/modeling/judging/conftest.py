"""A project, and an endpoint whose judge prefers what is longer."""

from __future__ import annotations

import pytest

from annotate.services.runs import execute_run
from modeling.judging import judge, request_judging
from tests.factories import ProjectFactory
from tests.fake_endpoint import running_endpoint

MODEL = "gpt-test"


def longer(asked):
    """The longer answer wins, gets the higher grade, and is right from five characters on."""
    if "Assistant A's Answer" in asked.user:
        a, b = (len(asked.shown(f"Assistant {side}'s Answer")) for side in "AB")
        return f"By length. [[{'C' if a == b else 'A' if a > b else 'B'}]]"
    size = len(asked.shown("Assistant's Answer"))
    if "[[correct]]" in asked.system:
        return f"[[{'correct' if size >= 5 else 'incorrect'}]]"
    if "[[rating]]" in asked.system:
        return f"Rating: [[{min(10, size)}]]"
    n = sum(line[:1].isdigit() for line in asked.system.splitlines())
    return "\n".join(f"[[{k}: {min(5, size)}]]" for k in range(1, n + 1))


@pytest.fixture
def endpoint(settings):
    with running_endpoint() as running:
        running.judge = longer
        settings.JUDGE_ENDPOINT = running.url
        settings.JUDGE_API_KEY = running.key = "sk-very-secret"
        settings.JUDGE_MODELS = [f"{MODEL}=10/50", "gpt-free"]
        settings.JUDGE_REQUESTS_PER_MINUTE = 0
        settings.JUDGE_PARALLEL = 2
        yield running


@pytest.fixture
def project():
    return ProjectFactory(slug="judged")


def judged(project, **options):
    """A run of a judge to its end."""
    run = request_judging(project, by=None, **options)
    done = execute_run(type(run), run.pk, judge)
    assert done is not None
    return done
