"""What must not stand in a log: the secrets of invitation links."""

from __future__ import annotations

import logging
import re

JOIN = re.compile(r"(/join/|%2Fjoin%2F)[\w-]+")


class HideSecrets(logging.Filter):
    """Blanks out the secret of a link wherever a record names its address."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = JOIN.sub(r"\1…", message)
        if hidden != message:
            record.msg, record.args = hidden, ()
        return True
