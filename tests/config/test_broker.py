"""Messages of the filesystem broker appear whole."""

from __future__ import annotations

import os
import threading
from importlib import import_module

from kombu import Connection

from config.broker import Channel, Transport


def test_the_filesystem_address_uses_it():
    import_module("config.celery")
    assert Connection("filesystem://localhost/").get_transport_cls() is Transport


def test_a_reader_never_finds_half_a_message(tmp_path):
    for folder in ("messages", "control"):
        (tmp_path / folder).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "messages"),
        "data_folder_out": str(tmp_path / "messages"),
        "control_folder": str(tmp_path / "control"),
    }
    n, read = 200, []
    with Connection("filesystem://localhost/", transport_options=options) as connection:
        channel = connection.default_channel
        assert isinstance(channel, Channel)

        def write():
            for k in range(n):
                channel._put("default", {"k": k, "text": "x" * 20_000})

        writer = threading.Thread(target=write)
        writer.start()
        while len(read) < n:
            names = [name for name in os.listdir(tmp_path / "messages") if name.endswith(".msg")]
            if names:
                read.append(channel._get("default")["k"])
        writer.join()
    assert sorted(read) == list(range(n))
