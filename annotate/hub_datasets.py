"""Datasets on the Hub as local files that the importers read, one file at a time."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

from annotate.errors import InvalidInput
from annotate.hub import Hub, HubError, check_repo_id, explained

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

PREFIX = "hub:"
CARD = "README.md"
CONVERTED = "refs/convert/parquet"
"""Where the Hub itself keeps what it could turn into Parquet."""

SUFFIXES = (".parquet", ".jsonl.gz", ".jsonl", ".csv", ".json")
"""In the order of preference: a repository often has its rows in several forms."""

_NO_ROWS = {"dataset_infos.json", "dataset_dict.json", "dataset_info.json", "state.json"}
_REFERENCE = re.compile(
    r"(?:hub:)?(?P<repo_id>[^:@\s]+)(?::(?P<config>[^:@\s]+))?(?:@(?P<revision>\S+))?"
)
_KIND: dict[str, Any] = {"repo_type": "dataset"}


@dataclass(frozen=True, slots=True)
class HubReference:
    """A dataset on the Hub: perhaps one of its configs, perhaps at a revision."""

    repo_id: str
    config: str = ""
    revision: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads ``hub:ORG/NAME[:CONFIG][@REVISION]``. Raises InvalidInput."""
        found = _REFERENCE.fullmatch(text.strip())
        if found is None:
            raise InvalidInput(
                f"{text!r} names no dataset: write ORG/NAME, ORG/NAME:CONFIG or ORG/NAME@REVISION.",
                field="hub",
            )
        check_repo_id(found["repo_id"])
        return cls(found["repo_id"], found["config"] or "", found["revision"] or "")

    def __str__(self) -> str:
        config = f":{self.config}" if self.config else ""
        revision = f"@{self.revision}" if self.revision else ""
        return f"{PREFIX}{self.repo_id}{config}{revision}"


@dataclass(frozen=True, slots=True)
class HubFiles:
    """The files with a dataset's rows, at one commit; ``bytes`` is the size of all."""

    reference: HubReference
    commit: str
    paths: tuple[str, ...]
    bytes: int


def find_files(reference: HubReference, *, hub: Hub) -> HubFiles:
    """The files that hold the rows, as the card names them or as they are found.

    Raises HubError where there are none, and InvalidInput for a config that is not there.
    """
    with explained(reference.repo_id):
        api = hub.api()
        found = _files_at(api, reference, reference.revision or "main")
        if not found.paths and not reference.revision:
            found = _converted(api, reference) or found
    if not found.paths:
        raise HubError(
            f"{reference.repo_id} holds no file that can be read: {', '.join(SUFFIXES)}."
        )
    return found


def downloaded(files: HubFiles, *, hub: Hub, below: Path) -> Generator[Path]:
    """Each file on this machine in turn; it is gone when the next one is asked for."""
    below.mkdir(parents=True, exist_ok=True)
    for path in files.paths:
        with TemporaryDirectory(dir=below) as folder:
            with explained(files.reference.repo_id):
                local = hub.api().hf_hub_download(
                    files.reference.repo_id, path, revision=files.commit, local_dir=folder, **_KIND
                )
            yield Path(local)


def _files_at(api: HfApi, reference: HubReference, revision: str) -> HubFiles:
    commit = str(api.repo_info(reference.repo_id, revision=revision, **_KIND).sha)
    tree = _tree(api, reference.repo_id, commit)
    configs = _configs(api, reference.repo_id, commit) if CARD in tree else []
    readable = [path for path in sorted(tree) if _is_readable(path)]
    paths = _named(readable, configs, reference) if configs else _found(readable, reference)
    return HubFiles(reference, commit, tuple(paths), sum(tree[path].size for path in paths))


def _tree(api: HfApi, repo_id: str, commit: str) -> dict[str, RepoFile]:
    from huggingface_hub.hf_api import RepoFile

    entries = api.list_repo_tree(repo_id, recursive=True, revision=commit, **_KIND)
    return {entry.path: entry for entry in entries if isinstance(entry, RepoFile)}


def _is_readable(path: str) -> bool:
    name = path.rpartition("/")[2]
    hidden = any(part.startswith(".") for part in path.split("/"))
    return path.lower().endswith(SUFFIXES) and name not in _NO_ROWS and not hidden


def _configs(api: HfApi, repo_id: str, commit: str) -> list[Mapping[str, Any]]:
    """What the card says of its configs; nothing where its metadata cannot be read."""
    import yaml
    from huggingface_hub import DatasetCard

    with TemporaryDirectory() as folder:
        path = api.hf_hub_download(repo_id, CARD, revision=commit, local_dir=folder, **_KIND)
        text = Path(path).read_text(encoding="utf-8-sig", errors="replace")
    try:
        configs = DatasetCard(text, ignore_metadata_errors=True).data.get("configs")
    except (ValueError, TypeError, yaml.YAMLError):
        return []
    listed = configs if isinstance(configs, list) else []
    return [each for each in listed if isinstance(each, Mapping)]


def _named(
    readable: list[str], configs: list[Mapping[str, Any]], reference: HubReference
) -> list[str]:
    """Files of the wanted config, else of the default one, else of the first."""
    by_name = {str(config.get("config_name", "default")): config for config in configs}
    wanted = reference.config or next(
        (name for name, config in by_name.items() if config.get("default")), next(iter(by_name))
    )
    if wanted not in by_name:
        raise _no_config(reference, by_name)
    config = by_name[wanted]
    patterns = list(_patterns(config.get("data_files")))
    folder = str(config.get("data_dir") or "").strip("/")
    inside = [path for path in readable if not folder or path.startswith(f"{folder}/")]
    if not patterns:
        return _of_one_form(inside)
    globs = [_glob(f"{folder}/{pattern}" if folder else pattern) for pattern in patterns]
    return [path for path in inside if any(glob.fullmatch(path) for glob in globs)]


def _no_config(reference: HubReference, known: Iterable[str]) -> InvalidInput:
    names = ", ".join(sorted(known)[:20])
    return InvalidInput(
        f"{reference.repo_id} has no config {reference.config!r}; it has {names}.", field="hub"
    )


def _patterns(data_files: Any) -> Iterator[str]:
    """The patterns in any of the forms that cards write them: text, list, by split."""
    if isinstance(data_files, str):
        yield data_files
    elif isinstance(data_files, Mapping):
        for value in [data_files["path"]] if "path" in data_files else data_files.values():
            yield from _patterns(value)
    elif isinstance(data_files, list):
        for value in data_files:
            yield from _patterns(value)


def _glob(pattern: str) -> re.Pattern[str]:
    """``*`` stays in its folder, ``**`` does not."""
    parts = re.split(r"(\*\*/?|\*|\?)", pattern.removeprefix("./"))
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(signs.get(part, re.escape(part)) for part in parts))


def _found(readable: list[str], reference: HubReference) -> list[str]:
    """Without configs on the card: the files of a folder of that name, or all."""
    if not reference.config or reference.config == "default":
        return _of_one_form(readable)
    inside = [path for path in readable if reference.config in path.split("/")[:-1]]
    if readable and not inside:
        folders = {path.split("/")[0] for path in readable if "/" in path}
        raise _no_config(reference, folders or {"default"})
    return _of_one_form(inside)


def _of_one_form(paths: list[str]) -> list[str]:
    """The files of the preferred form alone, so that no row comes twice."""
    for suffix in SUFFIXES:
        if chosen := [path for path in paths if path.lower().endswith(suffix)]:
            return chosen
    return []


def _converted(api: HfApi, reference: HubReference) -> HubFiles | None:
    """What the Hub has turned into Parquet by itself, where it could; half of a split is none."""
    refs = api.list_repo_refs(reference.repo_id, **_KIND).converts
    if CONVERTED not in [ref.ref for ref in refs]:
        return None
    commit = next(ref.target_commit for ref in refs if ref.ref == CONVERTED)
    tree = _tree(api, reference.repo_id, commit)
    whole = [path for path in sorted(tree) if _is_readable(path) and "/partial-" not in path]
    configs = list(dict.fromkeys(path.split("/")[0] for path in whole))
    if not configs:
        return None
    wanted = reference.config or ("default" if "default" in configs else configs[0])
    if wanted not in configs:
        raise _no_config(reference, configs)
    paths = [path for path in whole if path.startswith(f"{wanted}/")]
    return HubFiles(reference, commit, tuple(paths), sum(tree[path].size for path in paths))
