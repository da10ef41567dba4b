"""Programs that suggest whether a final result is right. They run in a process of their own."""

from annotate.verifiers.worker import Question, Suggestion, suggestions

__all__ = ["Question", "Suggestion", "suggestions"]
