"""A model on this machine as an annotator."""

from __future__ import annotations

import pytest

from annotate.models import User
from modeling.judging.questions import annotator_name
from tests.factories import make_item
from tests.modeling.core.judge.conftest import save_tiny_judge
from tests.modeling.judging.conftest import judged

pytestmark = pytest.mark.django_db


def test_a_local_model_judges_in_a_process_of_its_own(project, settings, monkeypatch):
    """What the process says itself is tested with the library."""
    from modeling.core.judge import Reply
    from modeling.judging import configured

    class Held:
        name = identity = "held"

        def __init__(self, path):
            self.path, self.is_closed = path, False
            held.append(self)

        def reply(self, messages, *, max_tokens):
            return Reply("[[C]]", 10, 2)

        def close(self):
            self.is_closed = True

        stop = close

    held = []
    monkeypatch.setattr(configured, "ProcessModel", Held)
    settings.JUDGE_MODELS = ["local:/models/org/judge"]
    make_item(project, contents=("a", "bb"))
    run = judged(project)
    assert (run.queue, held[0].path, held[0].is_closed) == ("gpu", "/models/org/judge", True)
    assert run.result["usage"]["cost"] == 0
    name = User.objects.get(source="judge").external_id
    assert name == annotator_name("local:/models/org/judge", "pairwise")
    assert name.startswith("local-models-org-judge-")


@pytest.mark.slow
def test_a_random_local_model_decides_nothing(project, settings, tmp_path):
    settings.JUDGE_MODELS = [f"local:{save_tiny_judge(tmp_path / 'model')}"]
    settings.JUDGE_MAX_TOKENS = 4
    make_item(project, contents=("a", "bb"))
    run = judged(project)
    assert (run.status, run.error) == ("succeeded", "")
    assert (run.result["judgments"], run.result["undecided"]) == (0, 1)
    usage = run.result["usage"]
    assert (usage["requests"], usage["unparseable"], usage["unmetered"]) == (2, 2, 0)
