"""The annotation app: collects human judgments and knows nothing of the apps above it."""

from django.apps import AppConfig


class AnnotateConfig(AppConfig):
    name = "annotate"
    verbose_name = "Annotation"

    def ready(self) -> None:
        """Connect what follows from events of other packages."""
        from annotate import signals  # noqa: F401
