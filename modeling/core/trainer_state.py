"""What a trainer's work directory tells: states to resume from, the curve, when to stop."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

STATE_FILE = "trainer_state.json"
_TRAINING = ("loss", "learning_rate", "grad_norm")
_VALIDATION = {"eval_loss": "validation_loss", "eval_accuracy": "validation_accuracy"}
Logs = Sequence[Mapping[str, Any]]


def last_whole_state(work: Path) -> Path | None:
    """The newest trainer checkpoint whose state file, which is written last, can be read."""
    found = sorted(work.glob(f"{PREFIX_CHECKPOINT_DIR}-*"), key=_step, reverse=True)
    return next((path for path in found if _is_whole(path)), None)


def _step(path: Path) -> int:
    number = path.name.removeprefix(f"{PREFIX_CHECKPOINT_DIR}-")
    return int(number) if number.isdigit() else -1


def _is_whole(path: Path) -> bool:
    state = _read(path)
    return state is not None and state.get("global_step") == _step(path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        state = json.loads((path / STATE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) else None


def saved_logs(path: Path) -> Logs:
    """What a whole state has logged so far."""
    state = _read(path) or {}
    logs: Logs = state.get("log_history", [])
    return logs


def metrics_of(entry: Mapping[str, Any]) -> dict[str, float]:
    """A log entry's figures by the names that curves go by; empty for what is no curve."""
    found = {name: entry[name] for name in _TRAINING if name in entry} if "loss" in entry else {}
    looked = {name: entry[key] for key, name in _VALIDATION.items() if key in entry}
    return {**found, **looked}


def history(logs: Logs) -> list[dict[str, float]]:
    """The curves: for each step that was logged or looked at, `step` and its figures."""
    steps: dict[int, dict[str, float]] = {}
    for entry in logs:
        figures = metrics_of(entry)
        if figures:
            steps.setdefault(entry["step"], {"step": entry["step"]}).update(figures)
    return [steps[step] for step in sorted(steps)]


def is_best(logs: Logs) -> bool:
    """Whether the last look at the validation rows found the lowest loss so far."""
    *earlier, last = _losses(logs)
    return all(last < loss for loss in earlier)


def ran_out_of_patience(logs: Logs, patience: int) -> bool:
    """Whether the last `patience` looks found no lower loss than the ones before them."""
    losses = _losses(logs)
    if not patience or len(losses) <= patience:
        return False
    return min(losses[-patience:]) >= min(losses[:-patience])


def _losses(logs: Iterable[Mapping[str, Any]]) -> list[float]:
    return [entry["eval_loss"] for entry in logs if "eval_loss" in entry]
