"""The models that may judge, as the settings name them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from annotate.errors import InvalidInput
from modeling.core.errors import ModelingError
from modeling.core.judge import EndpointModel, Judge, Pacer, Price, ProcessModel
from modeling.models import LOCAL

FREE = Price(0.0, 0.0)


@dataclass(frozen=True)
class ConfiguredModel:
    """One model by its name; the price is None where the settings name none."""

    name: str
    price: Price | None = None

    @property
    def is_local(self) -> bool:
        """Whether it is a transformers model on this machine, not one behind the endpoint."""
        return self.name.startswith(LOCAL)


@dataclass(frozen=True)
class OpenJudge:
    """A judge at work; ``parallel`` says how many questions it takes at once."""

    judge: Judge
    model: EndpointModel | ProcessModel
    parallel: int

    def stop(self) -> None:
        """Let nobody wait any longer, in whatever thread."""
        self.model.stop()


def configured_models() -> dict[str, ConfiguredModel]:
    """Every model of JUDGE_MODELS by name, in that order. Raises InvalidInput for a wrong price."""
    models = (_parsed(entry) for entry in settings.JUDGE_MODELS)
    return {model.name: model for model in models}


def configured_model(name: str) -> ConfiguredModel:
    """The model of this name, the first one where it is empty. Raises InvalidInput without one."""
    models = configured_models()
    if not models:
        raise InvalidInput(
            _("No judge is set up: name one in JUDGE_MODELS (see .env.example)."), field="model"
        )
    found = models.get(name) if name else next(iter(models.values()))
    if found is None:
        known = ", ".join(models)
        raise InvalidInput(_("The judges are %(known)s.") % {"known": known}, field="model")
    if not found.is_local and not settings.JUDGE_ENDPOINT:
        raise InvalidInput(
            _("The judge %(name)s needs an endpoint: set JUDGE_ENDPOINT (see .env.example).")
            % {"name": found.name},
            field="model",
        )
    return found


def _parsed(entry: str) -> ConfiguredModel:
    """NAME, NAME=IN/OUT or local:PATH."""
    if entry.startswith(LOCAL):
        return ConfiguredModel(entry, FREE)
    name, sign, prices = entry.partition("=")
    if not sign:
        return ConfiguredModel(entry)
    try:
        paid, written = (float(price) for price in prices.split("/"))
        return ConfiguredModel(name.strip(), Price(paid, written))
    except (ValueError, ModelingError) as error:
        raise InvalidInput(
            _("JUDGE_MODELS holds %(entry)r: prices are NAME=IN/OUT, such as name=0.15/0.60.")
            % {"entry": entry},
            field="model",
        ) from error


@contextmanager
def opened(model: ConfiguredModel) -> Iterator[OpenJudge]:
    """The judge, as long as the block lasts. Raises ModelingError where it cannot be had."""
    asked = _chat_model(model)
    judge = Judge(
        asked,
        cache=Path(settings.CACHE_DIR) / "judge",
        price=model.price,
        max_tokens=settings.JUDGE_MAX_TOKENS,
    )
    try:
        yield OpenJudge(judge, asked, 1 if model.is_local else max(1, settings.JUDGE_PARALLEL))
    finally:
        asked.close()


def _chat_model(model: ConfiguredModel) -> EndpointModel | ProcessModel:
    if model.is_local:
        return ProcessModel(model.name.removeprefix(LOCAL))
    return EndpointModel(
        settings.JUDGE_ENDPOINT,
        model.name,
        key=settings.JUDGE_API_KEY,
        pacer=Pacer(settings.JUDGE_REQUESTS_PER_MINUTE),
    )
