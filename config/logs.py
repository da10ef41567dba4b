"""What must not stand in a log: the secrets of invitation links, and the Hub's tokens."""

from __future__ import annotations

import logging
import re

SECRETS = re.compile(r"(/join/|%2Fjoin%2F|\bhf_)[\w-]+")


class HideSecrets(logging.Filter):
    """Blanks out the secret of a link, and a token, wherever a record names one."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = SECRETS.sub(r"\1…", message)
        if hidden != message:
            record.msg, record.args = hidden, ()
        return True
