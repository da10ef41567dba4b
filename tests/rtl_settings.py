"""The real settings with a language that is written from right to left beside the others."""

from config import settings
from config.settings import *  # noqa: F403

LANGUAGES = [*settings.LANGUAGES, ("ar", "العربية")]
