"""What a caller may ask to be scored, read once at the border."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modeling.core.data import Message, parse_prompt
from modeling.core.errors import DataError, TooMuchError

_BETWEEN = 4  # characters around the name of a turn
REDUCTIONS = ("min", "product", "last")
_SHAPES = "a prompt with a response, with steps, or with responses"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request may hold; characters are counted over all its texts."""

    inputs: int = 256
    candidates: int = 64
    steps: int = 200
    texts: int = 1_024
    characters: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """One response to a prompt: a text, or the steps of a solution, at least one."""

    prompt: tuple[Message, ...]
    response: str = ""
    steps: tuple[str, ...] = ()

    @property
    def characters(self) -> int:
        """Length of all its texts, and of what names the turns."""
        turns = sum(len(turn.role) + len(turn.content) + _BETWEEN for turn in self.prompt)
        return turns + sum(map(len, (self.response, *self.steps)))


@dataclass(frozen=True, slots=True)
class Input:
    """Candidates of one prompt; `many` says that they are to be told apart, not judged alone."""

    candidates: tuple[Candidate, ...]
    many: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """How outputs become answers.

    `reduce` makes one reward of a solution's steps; steps after the first one whose probability
    lies under `prune_below` are left out. `calibrated` uses the checkpoint's calibration;
    `rationales` asks a model that reasons to write why.
    """

    reduce: str = "min"
    prune_below: float | None = None
    calibrated: bool = True
    rationales: bool = False


def parse_options(values: Mapping[str, Any]) -> Options:
    """Read options; DataError names the first one that is wrong."""
    options = Options(
        reduce=values.get("reduce", "min"),
        prune_below=values.get("prune_below"),
        calibrated=values.get("calibrated", True),
        rationales=values.get("rationales", False),
    )
    if options.reduce not in REDUCTIONS:
        raise DataError(f"reduce must be one of {', '.join(REDUCTIONS)}, not {options.reduce!r}.")
    floor = options.prune_below
    if floor is not None and (type(floor) not in (int, float) or not 0 <= floor <= 1):
        raise DataError(f"prune_below must be a probability from 0 to 1, not {floor!r}.")
    for name in ("calibrated", "rationales"):
        if not isinstance(getattr(options, name), bool):
            raise DataError(f"{name} must be true or false, not {getattr(options, name)!r}.")
    return options


def parse_inputs(values: Any, *, limits: Limits | None = None) -> tuple[Input, ...]:
    """Read `{prompt, response}`, `{prompt, steps}` and `{prompt, responses}` objects.

    A response among `responses` is a text or a list of steps. Raises DataError for what is
    malformed and TooMuchError for what goes beyond `limits`; both name the input, from 0.
    """
    limits = limits or Limits()
    if not isinstance(values, list) or not values:
        raise DataError(f"inputs must be a list of at least one object: {_SHAPES}.")
    if len(values) > limits.inputs:
        raise TooMuchError(f"A request takes {limits.inputs} inputs at most; send several.")
    inputs = tuple(_input(number, value, limits) for number, value in enumerate(values))
    _check_size(inputs, limits)
    return inputs


def _input(number: int, value: Any, limits: Limits) -> Input:
    where = f"inputs.{number}"
    if not isinstance(value, Mapping):
        raise DataError(f"{where} must be an object: {_SHAPES}.")
    given = {"response", "steps", "responses"} & set(value)
    unknown = sorted(set(value) - given - {"prompt"})
    if unknown:
        raise DataError(f'{where} has an unknown field "{unknown[0]}"; it takes {_SHAPES}.')
    if "prompt" not in value or len(given) != 1:
        raise DataError(f"{where} must be {_SHAPES}, and only one of these.")
    try:
        prompt = parse_prompt(value["prompt"])
    except DataError as error:
        raise DataError(f"{where}.prompt: {error}.") from error
    (name,) = given
    return _READERS[name](prompt, value[name], f"{where}.{name}", limits)


def _one_response(prompt: tuple[Message, ...], value: Any, where: str, limits: Limits) -> Input:
    return Input((Candidate(prompt, response=_text(value, where)),))


def _one_solution(prompt: tuple[Message, ...], value: Any, where: str, limits: Limits) -> Input:
    return Input((Candidate(prompt, steps=_steps(value, where, limits)),))


def _several(prompt: tuple[Message, ...], value: Any, where: str, limits: Limits) -> Input:
    if not isinstance(value, list) or not value:
        raise DataError(f"{where} must be a list of at least one response.")
    if len(value) > limits.candidates:
        raise TooMuchError(f"{where} takes {limits.candidates} responses at most.")
    candidates = (
        Candidate(prompt, steps=_steps(each, f"{where}.{place}", limits))
        if isinstance(each, list)
        else Candidate(prompt, response=_text(each, f"{where}.{place}"))
        for place, each in enumerate(value)
    )
    return Input(tuple(candidates), many=True)


_READERS = {"response": _one_response, "steps": _one_solution, "responses": _several}


def _steps(value: Any, where: str, limits: Limits) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise DataError(f"{where} must be a list of at least one text.")
    if len(value) > limits.steps:
        raise TooMuchError(f"{where} takes {limits.steps} steps at most.")
    return tuple(_text(step, f"{where}.{place}") for place, step in enumerate(value))


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise DataError(f"{where} must be a text.")
    return value


def _check_size(inputs: Sequence[Input], limits: Limits) -> None:
    candidates = [candidate for each in inputs for candidate in each.candidates]
    texts = sum(max(1, len(candidate.steps)) for candidate in candidates)
    if texts > limits.texts:
        raise TooMuchError(
            f"A request takes {limits.texts} responses and steps at most, not {texts}; send "
            "several."
        )
    characters = sum(candidate.characters for candidate in candidates)
    if characters > limits.characters:
        raise TooMuchError(
            f"The texts of a request may hold {limits.characters} characters together, prompts "
            f"counted with each response, not {characters}; send several."
        )
