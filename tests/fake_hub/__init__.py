"""A Hugging Face Hub for tests: on this machine, in memory, with the calls that we make.

It speaks what huggingface_hub 2.4 speaks: whoami, repos/create, repo info, refs, tree, paths-info,
validate-yaml, preupload, LFS batch and PUT, commit as ndjson, tag, and resolve. It can be told to
break off a connection, and it remembers what was asked of it, headers included.
"""

from tests.fake_hub.answers import READ, WRITE, FakeHub
from tests.fake_hub.server import running_hub
from tests.fake_hub.store import Blob, Commit, Repo, Request

__all__ = ["READ", "WRITE", "Blob", "Commit", "FakeHub", "Repo", "Request", "running_hub"]
