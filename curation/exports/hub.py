"""An export on the Hugging Face Hub: whole, tagged with its version, and safe to try again.

Large files go first, each known by its hash, so that a try after a broken connection sends only
what is missing. Then one commit on the head that was read puts everything in place, and a tag
names it. Nothing that a tag names is ever changed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

from annotate.hub import Hub, HubError, check_repo_id, explained
from curation.exports.whole import FileInfo
from curation.exports.write import Export

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
    from huggingface_hub.hf_api import RepoFile

Progress: TypeAlias = Callable[[float, str], None]
"""Told the share of the bytes that are there, 0 to 1, and a sentence; may raise to stop."""

AT_ONCE = 4
CARD = "README.md"
_KIND: dict[str, Any] = {"repo_type": "dataset"}
_SHARD = re.compile(r"(train|validation|test)-\d{5}-of-\d{5}\.parquet")


@dataclass(frozen=True, slots=True)
class Pushed:
    """Where an export is now; `is_new` is false where the tag held the same files already."""

    url: str
    commit: str
    tag: str
    private: bool
    is_new: bool = True


def push_export(
    export: Export,
    repo_id: str,
    *,
    hub: Hub,
    tag: str,
    kind: str,
    card: Callable[[str | None], str],
    private: bool = True,
    message: str = "",
    progress: Progress = lambda share, message: None,
) -> Pushed:
    """Put an export into a dataset repository, which is made if it is missing, and tag it.

    `card` makes the new README.md from the present one or from None. `private` decides what a new
    repository is; one that is there stays as it is.

    Raises HubError: without a token or with one that may not write, where a public repository is
    in the place of a private one, where the tag names other files, where somebody else changed the
    repository meanwhile, or where the connection breaks. Trying again then goes on.
    """
    check_repo_id(repo_id)
    if not hub.token:
        raise HubError("Writing to the Hub takes a token: set HF_TOKEN, or give one.")
    with explained(repo_id):
        push = _Push(hub.api(), export, repo_id, kind, progress)
        is_private = push.open(private=private)
        earlier = push.tagged(tag)
        commit = earlier or push.commit(card, message or f"{tag}: {export.format}")
        if not earlier:
            push.tag(tag, commit)
    url = f"{hub.endpoint}/datasets/{repo_id}"
    return Pushed(url, commit, tag, is_private, is_new=not earlier)


@dataclass(frozen=True, slots=True)
class _Push:
    api: HfApi
    export: Export
    repo_id: str
    kind: str
    progress: Progress

    def open(self, *, private: bool) -> bool:
        """Make the repository where there is none; return whether it is private."""
        self.api.create_repo(self.repo_id, private=private, exist_ok=True, **_KIND)
        is_private = bool(self.api.repo_info(self.repo_id, **_KIND).private)
        if private and not is_private:
            raise HubError(
                f"{self.repo_id} is there already and public: choose to publish, or another name."
            )
        return is_private

    def tagged(self, tag: str) -> str:
        """Return the commit of the tag where it holds these files, "" where there is no tag."""
        refs = self.api.list_repo_refs(self.repo_id, **_KIND)
        commit = next((ref.target_commit for ref in refs.tags if ref.name == tag), "")
        if commit and not self._holds(commit):
            raise HubError(
                f"{self.repo_id} has a tag {tag} with other files: tags stay as they are, so "
                "choose another repository, or delete the tag on the Hub."
            )
        return commit

    def _holds(self, commit: str) -> bool:
        there = self._files(commit)
        return all(
            path in there and _is_same(self.export.directory / file.name, file, there[path])
            for path, file in self._places().items()
        )

    def _places(self) -> dict[str, FileInfo]:
        """Our files by their path in the repository; the manifest is one of each kind."""
        names = {"manifest.json": f"tiebreak/{self.kind}.json"}
        return {names.get(file.name, file.name): file for file in self.export.files}

    def _files(self, revision: str) -> dict[str, RepoFile]:
        from huggingface_hub.hf_api import RepoFile

        tree = self.api.list_repo_tree(self.repo_id, recursive=True, revision=revision, **_KIND)
        return {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}

    def commit(self, card: Callable[[str | None], str], message: str) -> str:
        """Send what is missing and commit it on the present head; return the commit."""
        head = self.api.repo_info(self.repo_id, **_KIND).sha or ""
        there = self._files(head)
        additions = list(self._additions(card(self._card(there, head))))
        self._send(additions)
        self.progress(1.0, "Committing.")
        done = self.api.create_commit(
            self.repo_id,
            [*additions, *self._stale(there)],
            commit_message=message,
            parent_commit=head,
            **_KIND,
        )
        commit = str(done.oid)
        if not self._holds(commit):
            raise HubError(
                f"{self.repo_id} did not take all files: see whether its .gitignore names them."
            )
        return commit

    def _card(self, there: Mapping[str, RepoFile], head: str) -> str | None:
        if CARD not in there:
            return None
        with TemporaryDirectory() as folder:
            path = self.api.hf_hub_download(
                self.repo_id, CARD, revision=head, local_dir=folder, **_KIND
            )
            return Path(path).read_bytes().decode("utf-8-sig", errors="replace")

    def _additions(self, card: str) -> Iterator[CommitOperationAdd]:
        from huggingface_hub import CommitOperationAdd

        for path, file in self._places().items():
            yield CommitOperationAdd(path, self.export.directory / file.name)
        yield CommitOperationAdd(CARD, card.encode())

    def _stale(self, there: Mapping[str, RepoFile]) -> list[CommitOperationDelete]:
        """Files of earlier versions that our tables' configs would take in."""
        from huggingface_hub import CommitOperationDelete

        ours, tables = self._places(), {table.name for table in self.export.tables}
        return [
            CommitOperationDelete(path)
            for path in sorted(there.keys() - ours.keys())
            if _SHARD.fullmatch(path.rpartition("/")[2]) and path.rpartition("/")[0] in tables
        ]

    def _send(self, additions: Sequence[CommitOperationAdd]) -> None:
        """Send large files, some at a time; the Hub keeps them until the commit names them."""
        total = sum(each.upload_info.size for each in additions) or 1
        sent = 0
        for start in range(0, len(additions), AT_ONCE):
            some = additions[start : start + AT_ONCE]
            self.progress(sent / total, f"Sent {start} of {len(additions)} files.")
            self.api.preupload_lfs_files(
                self.repo_id, some, num_threads=AT_ONCE, free_memory=False, **_KIND
            )
            sent += sum(each.upload_info.size for each in some)

    def tag(self, tag: str, commit: str) -> None:
        self.api.create_tag(self.repo_id, tag=tag, revision=commit, **_KIND)


def _is_same(path: Path, file: FileInfo, there: RepoFile) -> bool:
    if there.lfs is not None:
        return bool(there.lfs.sha256 == file.sha256)
    content = path.read_bytes()
    blob = b"blob %d\0%s" % (len(content), content)
    return there.blob_id == hashlib.sha1(blob, usedforsecurity=False).hexdigest()
