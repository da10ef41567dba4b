"""The Hub's answers, call by call, as huggingface_hub 2.4 asks."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

from tests.fake_hub.store import Blob, Commit, Refused, Repo, Request

WRITE, READ = "hf_WriteTokenOfTheTests0123456789", "hf_ReadTokenOfTheTests01234567890"
LARGE = (".parquet", ".safetensors", ".onnx")
DATE = "2026-11-28T10:00:00.000Z"


class FakeHub:
    """The Hub's state, and what a test may tell it to do."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.stored: dict[str, bytes] = {}
        self.requests: list[Request] = []
        self.breaks: list[str] = []
        self.endpoint = ""
        self.lock = threading.RLock()
        self.before_commit: Callable[[Repo], None] = lambda repo: None

    def break_on(self, pattern: str) -> None:
        """Break off every connection whose method and path match, until `mend`."""
        self.breaks.append(pattern)

    def mend(self) -> None:
        self.breaks.clear()

    def asked(self, pattern: str) -> list[Request]:
        """Requests whose method and path match."""
        return [each for each in self.requests if re.search(pattern, f"{each.method} {each.path}")]

    def add_repo(self, repo_id: str, files: dict[str, bytes], *, private: bool = False) -> Repo:
        repo = self.repos[repo_id] = Repo(repo_id, private)
        repo.add("files", {path: Blob(content) for path, content in files.items()})
        return repo

    # --- answers ----------------------------------------------------------------------------
    def answer(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        url = urlsplit(request.path)
        with self.lock:
            for method, pattern, name in ROUTES:
                found = re.fullmatch(pattern, unquote(url.path))
                if found and request.method in (method, "HEAD" if method == "GET" else method):
                    values = found.groupdict()
                    return getattr(self, name)(request, parse_qs(url.query), **values)
        raise Refused(404, f"no route {request.method} {url.path}")

    def _may(self, request: Request) -> str:
        shown = request.headers.get("authorization", "").removeprefix("Bearer ")
        if shown and shown not in (WRITE, READ):
            raise Refused(401, "Invalid credentials in Authorization header")
        return shown

    def _writes(self, request: Request) -> None:
        shown = self._may(request)
        if not shown:
            raise Refused(401, "Invalid username or password.")
        if shown != WRITE:
            raise Refused(403, "You don't have the rights to do this.")

    def _repo(self, request: Request, repo_id: str) -> Repo:
        shown, repo = self._may(request), self.repos.get(repo_id)
        if repo is None or (repo.private and not shown):
            raise Refused(401 if not shown else 404, "Repository not found", "RepoNotFound")
        return repo

    def _commit(self, repo: Repo, revision: str) -> Commit:
        commit = repo.at(revision)
        if commit is None:
            raise Refused(404, "Invalid rev id", "RevisionNotFound")
        return commit

    def whoami(self, request: Request, query: Any) -> Any:
        if not self._may(request):
            raise Refused(401, "Invalid credentials in Authorization header")
        return _json({"type": "user", "name": "tester", "orgs": []})

    def create(self, request: Request, query: Any) -> Any:
        self._writes(request)
        asked = json.loads(request.body)
        repo_id = f"{asked['organization']}/{asked['name']}"
        folder = "datasets/" if asked.get("type") == "dataset" else ""
        url = f"{self.endpoint}/{folder}{repo_id}"
        if repo_id in self.repos:
            raise Refused(409, "You already created this dataset repo", url=url)
        self.repos[repo_id] = Repo(repo_id, asked.get("visibility", "public") == "private")
        return _json({"url": url})

    def info(self, request: Request, query: Any, repo_id: str, revision: str = "main") -> Any:
        repo = self._repo(request, repo_id)
        commit = self._commit(repo, revision)
        siblings = [{"rfilename": path} for path in sorted(commit.tree)]
        return _json(
            {
                "id": repo_id,
                "author": repo_id.split("/")[0],
                "sha": commit.oid,
                "private": repo.private,
                "disabled": False,
                "gated": False,
                "downloads": 0,
                "likes": 0,
                "tags": [],
                "siblings": siblings,
                "lastModified": DATE,
                "createdAt": DATE,
            }
        )

    def refs(self, request: Request, query: Any, repo_id: str) -> Any:
        repo = self._repo(request, repo_id)
        tags = [
            {"name": name, "ref": f"refs/tags/{name}", "targetCommit": oid}
            for name, oid in repo.tags.items()
        ]
        main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.head.oid}
        converts = [
            {"name": ref.rpartition("/")[2], "ref": ref, "targetCommit": commit.oid}
            for ref, commit in repo.converts.items()
        ]
        return _json({"branches": [main], "converts": converts, "tags": tags})

    def tree(
        self, request: Request, query: Any, repo_id: str, revision: str, path: str = ""
    ) -> Any:
        commit = self._commit(self._repo(request, repo_id), revision)
        below = f"{path.strip('/')}/" if path else ""
        deep = query.get("recursive", ["false"])[0].lower() == "true"
        entries: dict[str, dict[str, Any]] = {}
        for name, blob in sorted(commit.tree.items()):
            if not name.startswith(below):
                continue
            parts = name.removeprefix(below).split("/")
            for depth in range(1, len(parts) if deep else min(2, len(parts))):
                folder = below + "/".join(parts[:depth])
                oid = hashlib.sha1(folder.encode()).hexdigest()
                entries[folder] = {"type": "directory", "path": folder, "oid": oid, "size": 0}
            if deep or len(parts) == 1:
                entries[name] = _file(name, blob)
        if below and not entries:
            raise Refused(404, "not found", "EntryNotFound")
        return _json(list(entries.values()))

    def paths_info(self, request: Request, query: Any, repo_id: str, revision: str) -> Any:
        commit = self._commit(self._repo(request, repo_id), revision)
        body = request.body.decode()
        asked = json.loads(body)["paths"] if body.startswith("{") else parse_qs(body)["paths"]
        entries = []
        for path in asked:
            if path in commit.tree:
                entries.append(_file(path, commit.tree[path]))
            elif any(name.startswith(f"{path}/") for name in commit.tree):
                entries.append({"type": "directory", "path": path, "oid": "0" * 40, "size": 0})
        return _json(entries)

    def validate(self, request: Request, query: Any) -> Any:
        content = json.loads(request.body)["content"]
        found = re.match(r"---\n(.*?)\n---", content, re.DOTALL)
        metadata = yaml.safe_load(found[1]) if found else {}
        if "license" in metadata and " " in str(metadata["license"]):
            raise Refused(400, "bad license")
        return _json({"errors": [], "warnings": []})

    def preupload(self, request: Request, query: Any, repo_id: str, revision: str) -> Any:
        self._writes(request)
        tree = self._commit(self._repo(request, repo_id), revision).tree
        files = []
        for file in json.loads(request.body)["files"]:
            path = file["path"]
            is_large = path.endswith(LARGE) or file["size"] > 10 * 2**20
            entry = {
                "path": path,
                "uploadMode": "lfs" if is_large else "regular",
                "shouldIgnore": ".gitignore" in tree and path.endswith(".parquet"),
            }
            if path in tree:
                blob = tree[path]
                entry["oid"] = blob.sha256 if blob.is_lfs else blob.blob_id
            files.append(entry)
        return _json({"files": files})

    def batch(self, request: Request, query: Any, repo_id: str) -> Any:
        self._writes(request)
        objects = []
        for wanted in json.loads(request.body)["objects"]:
            entry = {"oid": wanted["oid"], "size": wanted["size"]}
            if wanted["oid"] not in self.stored:
                href = f"{self.endpoint}/lfs/{wanted['oid']}"
                entry["actions"] = {"upload": {"href": href}}
            objects.append(entry)
        return _json({"transfer": "basic", "objects": objects})

    def put(self, request: Request, query: Any, oid: str) -> Any:
        if hashlib.sha256(request.body).hexdigest() != oid:
            raise Refused(400, "hash mismatch")
        self.stored[oid] = request.body
        return _json({})

    def commit(self, request: Request, query: Any, repo_id: str, revision: str) -> Any:
        self._writes(request)
        repo = self._repo(request, repo_id)
        self.before_commit(repo)
        lines = [json.loads(line) for line in request.body.splitlines()]
        header = lines[0]["value"]
        if header.get("parentCommit", repo.head.oid) != repo.head.oid:
            raise Refused(412, "A commit has happened since. Please refresh and try again.")
        changes = dict(self._change(line) for line in lines[1:])
        done = repo.add(header["summary"], changes)
        url = f"{self.endpoint}/datasets/{repo_id}/commit/{done.oid}"
        return _json({"commitUrl": url, "commitOid": done.oid, "success": True})

    def _change(self, line: dict[str, Any]) -> tuple[str, Blob | None]:
        value = line["value"]
        if line["key"] == "deletedFile":
            return value["path"], None
        if line["key"] == "lfsFile":
            return value["path"], Blob(self.stored[value["oid"]], is_lfs=True)
        return value["path"], Blob(base64.b64decode(value["content"]))

    def tag(self, request: Request, query: Any, repo_id: str, revision: str) -> Any:
        self._writes(request)
        repo = self._repo(request, repo_id)
        name = json.loads(request.body)["tag"]
        if name in repo.tags:
            raise Refused(409, "Tag reference exists already")
        repo.tags[name] = self._commit(repo, revision).oid
        return _json({})

    def resolve(
        self, request: Request, query: Any, repo_id: str, revision: str, path: str
    ) -> tuple[int, dict[str, str], bytes]:
        commit = self._commit(self._repo(request, repo_id), revision)
        if path not in commit.tree:
            raise Refused(404, "Entry not found", "EntryNotFound")
        blob = commit.tree[path]
        headers = {
            "X-Repo-Commit": commit.oid,
            "ETag": f'"{blob.sha256 if blob.is_lfs else blob.blob_id}"',
            "Content-Type": "application/octet-stream",
            "Accept-Ranges": "bytes",
        }
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
        if not wanted:
            return 200, headers, blob.content
        start, size = int(wanted[1]), len(blob.content)
        end = min(int(wanted[2] or size - 1), size - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{size}"
        return 206, headers, blob.content[start : end + 1]


_ID = r"(?P<repo_id>[\w.-]+/[\w.-]+)"
_API = rf"/api/(?:datasets|models)/{_ID}"
_REVISION = r"(?P<revision>[^/]+)"
ROUTES = [
    ("GET", r"/api/whoami-v2", "whoami"),
    ("POST", r"/api/repos/create", "create"),
    ("POST", r"/api/validate-yaml", "validate"),
    ("GET", _API, "info"),
    ("GET", rf"{_API}/revision/{_REVISION}", "info"),
    ("GET", rf"{_API}/refs", "refs"),
    ("GET", rf"{_API}/tree/{_REVISION}(?P<path>/.+)?", "tree"),
    ("POST", rf"{_API}/paths-info/{_REVISION}", "paths_info"),
    ("POST", rf"{_API}/preupload/{_REVISION}", "preupload"),
    ("POST", rf"{_API}/commit/{_REVISION}", "commit"),
    ("POST", rf"{_API}/tag/{_REVISION}", "tag"),
    ("POST", rf"/(?:datasets/)?{_ID}\.git/info/lfs/objects/batch", "batch"),
    ("PUT", r"/lfs/(?P<oid>[0-9a-f]{64})", "put"),
    ("GET", rf"/(?:datasets/)?{_ID}/resolve/{_REVISION}/(?P<path>.+)", "resolve"),
]


def _json(value: Any) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


def _file(path: str, blob: Blob) -> dict[str, Any]:
    entry = {"type": "file", "path": path, "size": len(blob.content), "oid": blob.blob_id}
    if blob.is_lfs:
        size = len(blob.content)
        entry["lfs"] = {"oid": blob.sha256, "size": size, "pointerSize": len(blob.pointer)}
    return entry
