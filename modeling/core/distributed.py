"""One training run on several processes: torchrun starts them, this process follows them.

They talk through a folder. In: run.json, and `stop` when they should save and end. Out:
progress.jsonl, then nothing more from a run that went well, `interrupted` from one that was
stopped, or error.json with a sentence. The first process saves the checkpoint; each step's rows
are shared out among all.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from modeling.core.config import RewardConfig
from modeling.core.errors import InterruptionError, ModelingError, TrainingError
from modeling.core.files import plain, read_json, write_json
from modeling.core.lifetime import die_with_parent
from modeling.core.progress import Progress

_MODULE = "modeling.core.distributed"
_POLL_SECONDS = 0.1
_GRACE_SECONDS = 30


@dataclass(frozen=True)
class Run:
    """What `train_reward_model` was asked."""

    dataset: Path
    output: Path
    config: RewardConfig
    cache: Path | None
    work: Path | None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` gives the same run back."""
        paths = {"dataset": self.dataset, "output": self.output}
        optional = {"cache": self.cache, "work": self.work}
        named = {name: str(path.resolve()) for name, path in (paths | optional).items() if path}
        return named | {"config": self.config.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Run":
        """Read what `to_dict` wrote."""
        cache, work = (Path(values[name]) if name in values else None for name in ("cache", "work"))
        config = RewardConfig.from_dict(values["config"])
        return cls(Path(values["dataset"]), Path(values["output"]), config, cache, work)


def in_company() -> bool:
    """Whether this process is one of several that train together."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def train_in_processes(run: Run, work: Path, progress: Progress) -> None:
    """Train on `config.processes` processes, until the checkpoint is saved.

    Raises TrainingError with the sentence of the process that failed first, InterruptionError
    when asked to stop, after the processes have saved where they were.
    """
    folder = work.parent / f"{work.name}-processes"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        write_json(folder / "run.json", run.to_dict())
        status = _follow(_launch(folder, run.config.processes), folder, progress)
        _raise_for(status, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _launch(folder: Path, processes: int) -> "subprocess.Popen[bytes]":
    threads = str(max(1, (os.cpu_count() or 1) // processes))
    command = [sys.executable, "-m", _MODULE, "launch", str(folder), str(processes)]
    return subprocess.Popen(command, env={"OMP_NUM_THREADS": threads} | os.environ)  # noqa: S603


def _follow(process: "subprocess.Popen[bytes]", folder: Path, progress: Progress) -> int:
    """Pass progress on, and the wish to stop; returns the exit status."""
    read = 0
    try:
        while (status := process.poll()) is None:
            read = _pass_on(folder / "progress.jsonl", read, progress)
            if progress.should_stop():
                (folder / "stop").touch()
            time.sleep(_POLL_SECONDS)
        _pass_on(folder / "progress.jsonl", read, progress)
        return status
    finally:
        _end(process)


def _pass_on(path: Path, start: int, progress: Progress) -> int:
    """Report the whole lines from byte `start` on; returns where the next ones begin."""
    if not path.exists():
        return start
    with path.open("rb") as stream:
        stream.seek(start)
        data = stream.read()
    whole = data[: data.rfind(b"\n") + 1]
    for line in map(json.loads, whole.splitlines()):
        progress.update(line["fraction"], line["message"], line["metrics"])
    return start + len(whole)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _raise_for(status: int, folder: Path) -> None:
    if (folder / "error.json").exists():
        raise TrainingError(read_json(folder / "error.json")["message"])
    if (folder / "interrupted").exists():
        raise InterruptionError((folder / "interrupted").read_text(encoding="utf-8"))
    if status != 0:
        raise TrainingError(
            "One of the processes that trained together ended without a word; it may have run out "
            "of memory. Lower processes, batch_size or token_budget, or look at the end of the log."
        )


def _start_all(folder: Path, processes: int) -> None:
    """Be torchrun; its processes run `_take_part`."""
    from torch.distributed.run import main as torchrun

    # Each process belongs to a run on this machine alone, so the address is found without DNS.
    local = ["--standalone", "--local-addr", "127.0.0.1", "--nproc-per-node", str(processes)]
    torchrun([*local, "--max-restarts", "0", "-m", _MODULE, "work", str(folder)])


def _take_part(folder: Path) -> None:
    """Train as one of the processes; what is wrong goes to the folder."""
    stop = folder / "stop"

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.touch()

    signal.signal(signal.SIGTERM, ask_to_stop)
    try:
        _train(folder, int(os.environ["RANK"]), stop)
    except InterruptionError as interruption:
        (folder / "interrupted").write_text(str(interruption), encoding="utf-8")
    except ModelingError as error:
        write_json(folder / "error.json", {"message": str(error)})
        raise


def _train(folder: Path, rank: int, stop: Path) -> None:
    from modeling.core.train import help_to_train, train_reward_model

    run = Run.from_dict(read_json(folder / "run.json"))
    if rank:
        help_to_train(run, Progress(should_stop=stop.exists))
        return

    def report(fraction: float, message: str, metrics: Mapping[str, float | None]) -> None:
        entry = plain({"fraction": fraction, "message": message, "metrics": metrics})
        with (folder / "progress.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry, allow_nan=False) + "\n")

    train_reward_model(
        run.dataset,
        run.output,
        run.config,
        cache_dir=run.cache,
        work_dir=run.work,
        progress=Progress(report=report, should_stop=stop.exists),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the processes that `train_in_processes` starts."""
    kind, folder, *count = sys.argv[1:] if arguments is None else arguments
    die_with_parent()
    if kind == "launch":
        _start_all(Path(folder), int(count[0]))
    else:
        _take_part(Path(folder))


if __name__ == "__main__":
    main()
