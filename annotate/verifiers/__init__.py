"""Programs that tell whether a final result is right.

``math`` and ``regex`` run in a process of their own, because what they read may make them hang;
``exact`` takes linear time and runs in place.
"""

from annotate.verifiers.worker import Ask, Question, Suggestion, VerifierError, opened, suggestions

__all__ = ["Ask", "Question", "Suggestion", "VerifierError", "opened", "suggestions"]
