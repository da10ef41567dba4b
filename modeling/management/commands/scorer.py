"""scorer: the process that keeps reward models warm and answers the score endpoint."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from modeling.core.errors import ModelingError
from modeling.core.serving import ModelStore
from modeling.core.serving.server import ScorerServer, serve


class Command(BaseCommand):
    help = "Keep reward models in memory and score what the web server hands over."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        try:
            scorer = make_scorer()
        except ModelingError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The scorer listens at {scorer.path}")
        self.stdout.flush()
        serve(scorer, stop)


def make_scorer() -> ScorerServer:
    """The scorer as the settings want it. Raises ServingError where another one listens."""
    store = ModelStore(models=settings.SCORER_MODELS, memory=settings.SCORER_MEMORY_MB * 2**20)
    roots = (Path(settings.CHECKPOINT_DIR), Path(settings.SERVED_DIR))
    return ScorerServer(Path(settings.SCORER_SOCKET), store, roots=roots)
