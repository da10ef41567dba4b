"""The Celery application: messages carry ids only, the Run rows are the truth."""

from __future__ import annotations

import os

from celery import Celery

from config.broker import use_whole_messages

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
use_whole_messages()
app = Celery("tiebreak")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
