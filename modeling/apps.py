"""The modeling app: trains, scores and picks the next round."""

from django.apps import AppConfig


class ModelingConfig(AppConfig):
    name = "modeling"
    verbose_name = "Modeling"
