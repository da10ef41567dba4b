"""A model on the Hugging Face Hub: a folder and its card in one commit that a tag names.

As with datasets, large files go first, each known by its hash, so that a try after a broken
connection sends only what is missing; nothing that a tag names is ever changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from annotate.hub import Hub, HubError, check_repo_id, explained
from curation.exports.hub import AT_ONCE, CARD, Pushed

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

KEPT = (".gitattributes", "LICENSE", CARD)
"""Files of a repository that stay although the new version does not have them."""


def push_model(
    folder: Path, repo_id: str, *, hub: Hub, tag: str, card: str, private: bool = True
) -> Pushed:
    """Put a checkpoint or an export into a model repository, made if it is missing, and tag it.

    `private` decides what a new repository is. Raises HubError: without a token or with one that
    may not write, where a public repository is in the place of a private one, where the tag names
    other files, where the repository was changed meanwhile, or where the connection breaks.
    """
    check_repo_id(repo_id)
    if not hub.token:
        raise HubError("Writing to the Hub takes a token: set HF_TOKEN, or give one.")
    push = _Push(hub.api(), folder, repo_id, card)
    with explained(repo_id):
        is_private = push.open(private=private)
        earlier = push.tagged(tag)
        commit = earlier or push.commit(tag)
        if not earlier:
            push.api.create_tag(repo_id, tag=tag, revision=commit)
    return Pushed(f"{hub.endpoint}/{repo_id}", commit, tag, is_private, is_new=not earlier)


@dataclass(frozen=True, slots=True)
class _Push:
    api: HfApi
    folder: Path
    repo_id: str
    card: str

    def open(self, *, private: bool) -> bool:
        """Make the repository where there is none; return whether it is private."""
        self.api.create_repo(self.repo_id, private=private, exist_ok=True)
        is_private = bool(self.api.repo_info(self.repo_id).private)
        if private and not is_private:
            raise HubError(
                f"{self.repo_id} is there already and public: choose to publish, or another name."
            )
        return is_private

    def tagged(self, tag: str) -> str:
        """Return the commit of the tag where it holds these files, "" where there is no tag."""
        refs = self.api.list_repo_refs(self.repo_id)
        commit = next((ref.target_commit for ref in refs.tags if ref.name == tag), "")
        if commit and not self._holds(commit):
            raise HubError(
                f"{self.repo_id} has a tag {tag} with other files: tags stay as they are, so "
                "choose another repository, or delete the tag on the Hub."
            )
        return commit

    def commit(self, message: str) -> str:
        """Send what is missing and commit it on the present head; return the commit."""
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        head = self.api.repo_info(self.repo_id).sha or ""
        ours = self._files()
        additions = [CommitOperationAdd(name, path) for name, path in ours.items()]
        for start in range(0, len(additions), AT_ONCE):
            some = additions[start : start + AT_ONCE]
            self.api.preupload_lfs_files(self.repo_id, some, num_threads=AT_ONCE, free_memory=False)
        stale = self._there(head).keys() - ours.keys() - set(KEPT)
        operations: list[CommitOperationAdd | CommitOperationDelete] = [
            *additions,
            CommitOperationAdd(CARD, self.card.encode()),
            *(CommitOperationDelete(name) for name in sorted(stale)),
        ]
        done = self.api.create_commit(
            self.repo_id, operations, commit_message=message, parent_commit=head
        )
        if not self._holds(str(done.oid)):
            raise HubError(
                f"{self.repo_id} did not take all files: see whether its .gitignore names them."
            )
        return str(done.oid)

    def _files(self) -> dict[str, Path]:
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path for path in paths}

    def _there(self, revision: str) -> Mapping[str, RepoFile]:
        from huggingface_hub.hf_api import RepoFile

        tree = self.api.list_repo_tree(self.repo_id, recursive=True, revision=revision)
        return {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}

    def _holds(self, commit: str) -> bool:
        there = self._there(commit)
        return all(
            name in there and _is_same(path, there[name]) for name, path in self._files().items()
        )


def _is_same(path: Path, there: RepoFile) -> bool:
    with path.open("rb") as stream:
        if there.lfs is not None:
            return bool(there.lfs.sha256 == hashlib.file_digest(stream, "sha256").hexdigest())
        content = stream.read()
    blob = b"blob %d\0%s" % (len(content), content)
    return there.blob_id == hashlib.sha1(blob, usedforsecurity=False).hexdigest()
