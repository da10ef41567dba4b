"""The settings of the tests: the real ones, with a key and folders of their own."""

import os
import tempfile

os.environ["SECRET_KEY"] = "tests-only-tests-only-tests-only-tests-only"
os.environ["HTTPS"] = "false"
os.environ.setdefault("TIEBREAK_VAR", tempfile.mkdtemp(prefix="tiebreak-tests-"))

from config.settings import *  # noqa: F403
