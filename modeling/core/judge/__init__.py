"""A language model as a judge: behind an OpenAI-compatible endpoint, or a local one.

    judge = Judge(EndpointModel("https://api.example.org/v1", "gpt-4o-mini", key=key))
    judge.compare("What is 2 + 2?", "4", "5").choice      # "first", "second", "tie" or None
    judge.usage                                           # requests, tokens, cost, failures

Zheng et al. (2023), "Judging LLM-as-a-judge with MT-Bench and Chatbot Arena", 2306.05685. Nothing
here imports torch before a local model is loaded.
"""

from modeling.core.judge.cache import ReplyCache
from modeling.core.judge.chat import ChatModel, Message, Reply, RequestRefused
from modeling.core.judge.endpoint import EndpointModel
from modeling.core.judge.judge import Judge
from modeling.core.judge.local import LocalModel
from modeling.core.judge.pacing import Pacer, WaitEnded
from modeling.core.judge.process import ProcessModel
from modeling.core.judge.prompts import FORMS, Criterion, Form
from modeling.core.judge.usage import Price, Usage
from modeling.core.judge.verdicts import (
    Choice,
    GradeVerdict,
    OutcomeVerdict,
    PairVerdict,
    RankVerdict,
    Reading,
    RubricVerdict,
)

__all__ = [
    "FORMS",
    "ChatModel",
    "Choice",
    "Criterion",
    "EndpointModel",
    "Form",
    "GradeVerdict",
    "Judge",
    "LocalModel",
    "Message",
    "OutcomeVerdict",
    "Pacer",
    "PairVerdict",
    "Price",
    "ProcessModel",
    "RankVerdict",
    "Reading",
    "Reply",
    "ReplyCache",
    "RequestRefused",
    "RubricVerdict",
    "Usage",
    "WaitEnded",
]
