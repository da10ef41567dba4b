"""An OpenAI-compatible endpoint: what is sent, what is tried again, what is told of errors."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from modeling.core.errors import ConfigError, JudgeError
from modeling.core.judge import EndpointModel, Judge, Message, Pacer, RequestRefused
from modeling.core.judge.endpoint import _retry_after
from tests.fake_endpoint import Otherwise

QUESTION = (Message("system", "You judge."), Message("user", "q"))
KEY = "sk-very-secret"


class Patient(Pacer):
    """Writes down what it is asked to wait, and does not."""

    def __init__(self):
        super().__init__(0)
        self.pauses = []

    def pause(self, seconds):
        self.pauses.append(seconds)


@pytest.fixture
def pacer():
    return Patient()


@pytest.fixture
def model(endpoint, pacer):
    model = EndpointModel(endpoint.url, "gpt-test", key=KEY, pacer=pacer, retries=3)
    yield model
    model.close()


def test_a_request_is_a_chat_completion_at_temperature_zero(endpoint, model):
    reply = model.reply(QUESTION, max_tokens=64)
    assert (reply.text, reply.cut) == ("The first is better. [[A]]", False)
    assert (reply.input_tokens, reply.output_tokens) == (100, 20)
    (asked,) = endpoint.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body == {
        "model": "gpt-test",
        "messages": [
            {"role": "system", "content": "You judge."},
            {"role": "user", "content": "q"},
        ],
        "temperature": 0,
        "max_tokens": 64,
    }


def test_any_text_can_be_sent(endpoint, model):
    odd = 'é 漢 \ud800 \0 "quoted"'
    model.reply([Message("user", odd)], max_tokens=1)
    assert endpoint.asked[0].headers["content-type"] == "application/json"
    assert endpoint.asked[0].body["messages"][0]["content"] == odd


def test_without_a_key_none_is_sent(endpoint):
    model = EndpointModel(endpoint.url + "/", "gpt-test")
    model.reply(QUESTION, max_tokens=1)
    model.close()
    assert "authorization" not in endpoint.asked[0].headers
    assert endpoint.asked[0].path == "/v1/chat/completions"


def test_what_nobody_counted_is_not_made_up(endpoint, model):
    endpoint.tokens, endpoint.finish_reason = None, "length"
    endpoint.judge = lambda asked: None
    reply = model.reply(QUESTION, max_tokens=1)
    assert (reply.text, reply.input_tokens, reply.output_tokens) == ("", None, None)
    assert reply.cut
    judge = Judge(model)
    judge.grade("q", "a")
    assert judge.usage.unmetered == 1


def test_a_busy_endpoint_is_asked_again_when_it_says(endpoint, model, pacer):
    endpoint.first.append(Otherwise(429, {"error": {"message": "slow"}}, {"Retry-After": "7"}))
    endpoint.first.append(Otherwise(503, "later"))
    assert model.reply(QUESTION, max_tokens=1).text
    assert pacer.pauses == [7.0, 2.0]
    assert len(endpoint.asked) == 3


def test_a_broken_connection_and_a_strange_answer_are_tried_again(endpoint, model, pacer):
    endpoint.first.append(Otherwise(breaks=True))
    endpoint.first.append(Otherwise(200, "<html>"))
    endpoint.first.append(Otherwise(200, {"choices": []}))
    assert model.reply(QUESTION, max_tokens=1).text
    assert pacer.pauses == [1.0, 2.0, 4.0]


def test_an_endpoint_that_stays_busy_is_an_error(endpoint, model):
    endpoint.first.extend([Otherwise(500, {"error": "overloaded"})] * 4)
    with pytest.raises(JudgeError, match=r"no answer in 4 attempts.*500: overloaded"):
        model.reply(QUESTION, max_tokens=1)
    assert len(endpoint.asked) == 4


def test_a_slow_endpoint_is_given_up(endpoint, pacer):
    endpoint.judge = lambda asked: time.sleep(0.3) or "[[A]]"
    model = EndpointModel(endpoint.url, "m", pacer=pacer, retries=0, timeout=0.05)
    with pytest.raises(JudgeError, match="it took too long"):
        model.reply(QUESTION, max_tokens=1)
    model.close()


def test_nobody_there_is_an_error(pacer):
    model = EndpointModel("http://127.0.0.1:9/v1", "m", pacer=pacer, retries=1)
    with pytest.raises(JudgeError, match="the connection failed"):
        model.reply(QUESTION, max_tokens=1)
    model.close()


def test_a_very_long_wait_is_left_to_people(endpoint, model):
    endpoint.first.append(Otherwise(429, {}, {"Retry-After": "86400"}))
    with pytest.raises(JudgeError, match="86400 seconds"):
        model.reply(QUESTION, max_tokens=1)


def test_a_quota_that_is_used_up_is_not_asked_again(endpoint, model):
    endpoint.first.append(
        Otherwise(429, {"error": {"message": "You exceeded it.", "code": "insufficient_quota"}})
    )
    with pytest.raises(JudgeError, match="quota is used up"):
        model.reply(QUESTION, max_tokens=1)
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_request_says_why(endpoint, model, status):
    endpoint.first.append(Otherwise(status, {"error": {"message": "Too\n many tokens."}}))
    with pytest.raises(RequestRefused, match=rf"refused the request \({status}: Too many tokens\)"):
        model.reply(QUESTION, max_tokens=1)
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "check JUDGE_API_KEY"),
        (403, "check JUDGE_API_KEY"),
        (404, "check JUDGE_ENDPOINT and JUDGE_MODELS"),
        (301, "check JUDGE_ENDPOINT and JUDGE_MODELS"),
    ],
)
def test_what_cannot_go_well_says_what_to_check(endpoint, model, status, sentence):
    endpoint.first.append(Otherwise(status, "no", {"Location": "http://127.0.0.1:9/elsewhere"}))
    with pytest.raises(JudgeError, match=sentence):
        model.reply(QUESTION, max_tokens=1)
    assert len(endpoint.asked) == 1


def test_the_key_shows_nowhere(endpoint, model):
    endpoint.key = "another"
    with pytest.raises(JudgeError) as caught:
        model.reply(QUESTION, max_tokens=1)
    assert "Incorrect API key" in str(caught.value)
    assert KEY not in str(caught.value) + repr(model)


@pytest.mark.parametrize("key", ["with space", "line\nbreak", "ümlaut"])
def test_a_key_that_is_none_is_refused_without_showing_it(key):
    with pytest.raises(ConfigError) as caught:
        EndpointModel("http://127.0.0.1", "m", key=key)
    assert key not in str(caught.value)


@pytest.mark.parametrize("url", ["", "example.org/v1", "file:///etc", "http://", "http://x/?a=b"])
def test_only_a_base_address_is_taken(url):
    with pytest.raises(ConfigError, match="base address"):
        EndpointModel(url, "m")


def test_the_endpoints_address_is_no_part_of_the_identity(endpoint, model):
    assert model.identity == EndpointModel("https://elsewhere/v1", "gpt-test").identity
    assert model.name == "gpt-test"


def test_retry_after_is_seconds_or_a_date():
    assert _retry_after("3.5") == 3.5
    assert _retry_after("-1") == 0
    assert _retry_after("soon") is None
    assert _retry_after("") is None
    assert _retry_after(f"Wed, 21 Oct {'9' * 30} 07:28:00 GMT") is None
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 25 < _retry_after(soon) <= 30
    assert _retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0


def test_a_judge_asks_an_endpoint(endpoint, model, tmp_path):
    def fairer(asked):
        answers = [asked.shown(f"Assistant {side}'s Answer") for side in "AB"]
        return "[[A]]" if answers[0] == "four" else "[[B]]"

    endpoint.judge = fairer
    judge = Judge(model, cache=tmp_path)
    assert judge.compare("Two and two?", "four", "five").choice == "first"
    assert judge.compare("Two and two?", "four", "five").choice == "first"
    assert (judge.usage.requests, judge.usage.cached, len(endpoint.asked)) == (2, 2, 2)


def test_a_text_in_parts_is_one_text(endpoint, model):
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "So: [[A]]"}]
    endpoint.judge = lambda asked: parts
    assert model.reply(QUESTION, max_tokens=8).text == "So: [[A]]"


@pytest.mark.parametrize("content", [7, {"text": "[[A]]"}, [{"type": "text"}], ["[[A]]"]])
def test_content_that_is_no_text_is_asked_for_again(endpoint, model, content):
    endpoint.first.append(Otherwise(body=endpoint.completion(content)))
    assert model.reply(QUESTION, max_tokens=8).text == "The first is better. [[A]]"
    assert len(endpoint.asked) == 2


@pytest.mark.parametrize("tokens", [("12", "3"), (1.5, True), (-1, None), ([], {})])
def test_counts_that_are_none_are_nobodys(endpoint, model, tokens):
    endpoint.tokens = tokens
    judge = Judge(model)
    assert judge.compare("q", "a", "b").choice is not None
    usage = judge.usage
    assert (usage.input_tokens, usage.output_tokens, usage.unmetered) == (0, 0, 2)


def test_what_an_endpoint_says_of_errors_can_be_kept(endpoint, model):
    endpoint.judge = lambda asked: Otherwise(400, {"error": {"message": "no\0 \ud800\x1b[31mway"}})
    with pytest.raises(RequestRefused, match=r"400: no \[31mway\)"):
        model.reply(QUESTION, max_tokens=8)
