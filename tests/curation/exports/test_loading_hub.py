"""A pushed dataset as people load it: by its name, its table and its version."""

import json
import os
import subprocess
import sys

import pytest

from annotate.hub import Hub
from curation.exports.card import CardFacts, write_card
from curation.exports.hub import push_export
from curation.exports.write import write_export
from tests.curation.exports.versions import write_version
from tests.fake_hub import WRITE

# how huggingface_hub hands files to its HTTP library
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")

PROGRAM = """
import json, sys
from datasets import disable_progress_bars, get_dataset_config_names, load_dataset
disable_progress_bars()
loaded = load_dataset("org/cheer", sys.argv[1], revision=sys.argv[2])
print(json.dumps({
    "configs": get_dataset_config_names("org/cheer"),
    "splits": {name: len(split) for name, split in loaded.items()},
    "first": loaded["train"][0],
}))
"""


def push(fake_hub, folder, kind, version):
    source = write_version(folder / kind, kind)
    facts = CardFacts(title="Cheer", name=f"cheer-{version}", version=version, repo_id="org/cheer")
    export = write_export(source, folder / f"{kind}-out", format_name="tiebreak")
    push_export(
        export,
        "org/cheer",
        hub=Hub(fake_hub.endpoint, WRITE),
        tag=version,
        kind=kind,
        card=lambda existing: write_card(source, facts, export.tables, existing=existing),
    )
    return source


def test_views_of_several_kinds_load_by_name_table_and_version(fake_hub, tmp_path):
    pytest.importorskip("datasets")
    pairs = push(fake_hub, tmp_path, "preference", "v3")
    push(fake_hub, tmp_path, "ranking", "v4")
    settings = {
        "HF_ENDPOINT": fake_hub.endpoint,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HOME": str(tmp_path / "home"),
        "HF_TOKEN": WRITE,
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, "bt", "v3"],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert loaded["splits"] == {"train": 3, "validation": 1}
    assert loaded["first"] == next(pairs.rows("train"))
    assert loaded["configs"] == ["bt", "votes", "pl"]
