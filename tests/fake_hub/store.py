"""What a Hub keeps: repositories, their commits and files, and what was asked of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Blob:
    """A file's content, and whether it is kept apart from git."""

    content: bytes
    is_lfs: bool = False

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def pointer(self) -> bytes:
        text = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"
        return text.format(self.sha256, len(self.content)).encode()

    @property
    def blob_id(self) -> str:
        stored = self.pointer if self.is_lfs else self.content
        return hashlib.sha1(b"blob %d\0%s" % (len(stored), stored)).hexdigest()


@dataclass
class Commit:
    """A commit of a repository: the whole tree after it."""

    oid: str
    title: str
    tree: dict[str, Blob]


@dataclass
class Repo:
    """A dataset repository; its first commit is the Hub's own."""

    repo_id: str
    private: bool
    commits: list[Commit] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    converts: dict[str, Commit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.add("initial commit", {".gitattributes": Blob(b"*.parquet filter=lfs\n")})

    def add(self, title: str, changes: dict[str, Blob | None]) -> Commit:
        tree = dict(self.head.tree) if self.commits else {}
        for path, blob in changes.items():
            if blob is None:
                tree.pop(path, None)
            else:
                tree[path] = blob
        oid = hashlib.sha1(f"{self.repo_id} {len(self.commits)} {title}".encode()).hexdigest()
        self.commits.append(Commit(oid, title, tree))
        return self.head

    @property
    def head(self) -> Commit:
        return self.commits[-1]

    def at(self, revision: str) -> Commit | None:
        if revision == "main":
            return self.head
        oid = self.tags.get(revision, revision)
        known = [*self.commits, *self.converts.values()]
        return next((commit for commit in known if commit.oid == oid), None)


@dataclass
class Request:
    """What was asked: for tests that look for tokens where none should be."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Refused(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, message: str, code: str = "", **body: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.body = {"error": message, "errors": [], "warnings": []} | body
