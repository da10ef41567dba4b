"""A local transformers model as a judge, decoded greedily."""

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from modeling.core.backbones import Backbone, resolve_backbone
from modeling.core.errors import BackboneError, JudgeError
from modeling.core.judge.chat import Message, Reply, RequestRefused

if TYPE_CHECKING:
    import torch

TOO_LONG = "the texts are too long for the model"
_INVISIBLE = "\u200b"


class LocalModel:
    """A causal language model from a directory or the Hub: safetensors only, no code of its own.

    Greedy decoding stands for temperature 0. Text that spells one of the tokenizer's special
    tokens is broken up by an invisible space, so that what is judged cannot end its own turn. A
    model without a chat template reads the messages as plain text. Raises JudgeError where the
    model cannot be loaded.
    """

    def __init__(self, name: str, *, device: str | None = None) -> None:
        import torch

        backbone = _resolved(name)
        self._name, self._fingerprint = name, backbone.fingerprint
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._tokenizer, self._model = _loaded(backbone, self._device)
        self._specials = _special_tokens(self._tokenizer)
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The directory or the Hub's name of the model."""
        return self._name

    @property
    def identity(self) -> str:
        """A hash over weights, configuration and tokenizer."""
        return f"local:{self._fingerprint}"

    def reply(self, messages: Sequence[Message], *, max_tokens: int) -> Reply:
        """One answer. Raises RequestRefused for texts that leave no room for `max_tokens`."""
        ids = self._encoded(messages)
        self._check_length(ids.shape[1] + max_tokens)
        with self._lock:
            written = self._generated(ids, max_tokens)
        ended = bool(set(written) & set(_as_list(self._model.generation_config.eos_token_id)))
        text = self._tokenizer.decode(written, skip_special_tokens=True)
        return Reply(text.strip(), ids.shape[1], len(written), cut=not ended)

    def _encoded(self, messages: Sequence[Message]) -> "torch.Tensor":
        import torch

        texts = [Message(one.role, disarmed(one.content, self._specials)) for one in messages]
        encoded = self._tokenizer(
            self._rendered(texts), add_special_tokens=False, truncation=False, padding=False
        )
        return torch.tensor([[*self._opening(), *encoded["input_ids"]]], device=self._device)

    def _opening(self) -> list[int]:
        """A template writes the first token itself."""
        is_plain = self._tokenizer.chat_template is None
        return _as_list(self._tokenizer.bos_token_id) if is_plain else []

    def _rendered(self, messages: Sequence[Message]) -> str:
        if self._tokenizer.chat_template is None:
            return "\n\n".join(message.content for message in messages) + "\n\n"
        from jinja2 import TemplateError

        turns = [message.to_dict() for message in messages]
        try:
            return self._templated(turns)
        except TemplateError:  # some templates know no system turn
            whole = "\n\n".join(message.content for message in messages)
            return self._templated([{"role": "user", "content": whole}])

    def _templated(self, turns: list[dict[str, str]]) -> str:
        text: str = self._tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True
        )
        return text

    def _check_length(self, tokens: int) -> None:
        limit = getattr(self._model.config.get_text_config(), "max_position_embeddings", None)
        if limit is not None and tokens > limit:
            raise RequestRefused(TOO_LONG)

    def _generated(self, ids: "torch.Tensor", max_tokens: int) -> list[int]:
        import torch
        from transformers import GenerationConfig

        stated = self._model.generation_config
        config = GenerationConfig(
            do_sample=False,
            max_new_tokens=max_tokens,
            eos_token_id=stated.eos_token_id,
            pad_token_id=_pad_id(stated.pad_token_id, stated.eos_token_id),
        )
        with torch.inference_mode():
            out = self._model.generate(
                ids, attention_mask=torch.ones_like(ids), generation_config=config
            )
        written: list[int] = out[0, ids.shape[1] :].tolist()
        return written


def disarmed(text: str, specials: Iterable[str]) -> str:
    """The text with an invisible space inside everything that spells a special token."""
    for token in specials:
        text = text.replace(token, token[0] + _INVISIBLE + token[1:])
    return text


def _special_tokens(tokenizer: Any) -> tuple[str, ...]:
    """Longest first, so that none is left inside another."""
    added = {str(t.content) for t in tokenizer.added_tokens_decoder.values() if t.special}
    known = added | set(map(str, tokenizer.all_special_tokens))
    return tuple(sorted((t for t in known if len(t) > 1), key=lambda t: (-len(t), t)))


def _resolved(name: str) -> Backbone:
    try:
        return resolve_backbone(name)
    except BackboneError as error:
        raise JudgeError(f"The judge's model cannot be loaded. {error}") from error


def _loaded(backbone: Backbone, device: str) -> tuple[Any, Any]:
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer

    dtype = torch.float32 if device == "cpu" else "auto"
    try:
        tokenizer = AutoTokenizer.from_pretrained(backbone.path, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            backbone.path, trust_remote_code=False, use_safetensors=True, dtype=dtype
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
        raise JudgeError(
            f'The judge "{backbone.name}" cannot be loaded ({reason}); choose a causal language '
            "model that transformers supports without custom code."
        ) from error
    return tokenizer, model.eval().to(device)


def _as_list(value: int | Sequence[int] | None) -> list[int]:
    if value is None:
        return []
    return [value] if isinstance(value, int) else list(value)


def _pad_id(pad: int | None, eos: int | Sequence[int] | None) -> int:
    """Nothing is padded here, but generation wants a name for it."""
    ends = _as_list(eos)
    return pad if pad is not None else ends[0] if ends else 0
