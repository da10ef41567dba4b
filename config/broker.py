"""kombu's filesystem transport, with messages that appear whole.

kombu writes a message where readers already look, so a reader may find it empty; the worker then
ends. Here it is written under another name and renamed, which readers see at once or not at all.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """Puts messages in place by renaming."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        unfinished = folder / f"{name}.part"
        unfinished.write_bytes(str_to_bytes(dumps(payload)))
        unfinished.rename(folder / name)


class Transport(filesystem.Transport):
    """``filesystem://`` as this program means it."""

    Channel = Channel


def use_whole_messages() -> None:
    """Make ``filesystem://`` addresses use this transport."""
    TRANSPORT_ALIASES["filesystem"] = "config.broker:Transport"
