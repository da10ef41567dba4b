"""The language a text is written in, told offline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

UNDECIDED = "und"
MIN_CONFIDENCE = 0.5
READ_AT_MOST = 20_000
"""Characters of a text that are looked at at all: the beginning tells its language."""
JUDGE_BY = 1_000
"""Characters of prose that the language is told from."""

IDEOGRAPHIC_SHARE = 0.3
"""Share of letters from which Chinese, Japanese or Korean beside Latin letters decides.

Below one half, since one of their characters says as much as several letters.
"""
KANA_SHARE = 0.1
"""Share of kana from which a text with Chinese characters is Japanese."""
FEWEST_LETTERS = 2

_NOT_PROSE = re.compile(
    r"```[\s\S]*?(?:```|\Z)"  # fenced code
    r"|`[^`\n]*`"  # inline code
    r"|\$\$[^$]*\$\$|\$(?!\s)[^$\n]*(?<!\s)\$(?!\d)"  # formulas, but not two prices
    r"|\\[a-zA-Z]+"  # LaTeX commands
    r"|(?:https?://|www\.)\S+"
)
_NO_LETTERS = re.compile(r"[\x00-&(-@\[-`{-\x7f]+")  # ASCII but letters and the apostrophe

_HAN, _KANA, _HANGUL = "Han", "Kana", "Hangul"
_SCRIPTS = (  # first and last code point, and the one language written so
    (0x0590, 0x05FF, "he"),
    (0x0530, 0x058F, "hy"),
    (0x0A00, 0x0A7F, "pa"),
    (0x0A80, 0x0AFF, "gu"),
    (0x0B00, 0x0B7F, "or"),
    (0x0B80, 0x0BFF, "ta"),
    (0x0C00, 0x0C7F, "te"),
    (0x0C80, 0x0CFF, "kn"),
    (0x0D00, 0x0D7F, "ml"),
    (0x0D80, 0x0DFF, "si"),
    (0x0E00, 0x0E7F, "th"),
    (0x0E80, 0x0EFF, "lo"),
    (0x10A0, 0x10FF, "ka"),
    (0x1100, 0x11FF, _HANGUL),
    (0x1780, 0x17FF, "km"),
    (0x3040, 0x30FF, _KANA),
    (0x3130, 0x318F, _HANGUL),
    (0x31F0, 0x31FF, _KANA),
    (0x3400, 0x9FFF, _HAN),
    (0xAC00, 0xD7AF, _HANGUL),
    (0xF900, 0xFAFF, _HAN),
    (0xFF66, 0xFF9F, _KANA),
    (0x20000, 0x3FFFF, _HAN),
)
_MACROLANGUAGE = {
    "ary": "ar",
    "arz": "ar",
    "nn": "no",
    "pcm": "en",
    "sdh": "ku",
    "uzs": "uz",
    "wuu": "zh",
    "yue": "zh",
    "zxx": UNDECIDED,
}


def detect_languages(
    texts: Sequence[str], *, min_confidence: float = MIN_CONFIDENCE
) -> NDArray[np.str_]:
    """Language of each text as an ISO 639 code, of two letters where there is one; shape (n,).

    "und" where the text has no prose (empty, code, a formula) or is too short to tell: where the
    probability of the likeliest language is below `min_confidence`. Code, formulas, links and
    digits are passed over. Scripts that one language uses are told by their characters, the rest
    by py3langid's model of byte n-grams, which comes with it. Varieties count as what they are
    varieties of (Cantonese as "zh", Nynorsk as "no", Nigerian Pidgin as "en"). Japanese written in
    Chinese characters alone, as headlines are, is taken for Chinese.
    """
    known: dict[str, str] = {}
    for text in texts:
        if text not in known:
            known[text] = _detect(text, min_confidence)
    return np.array([known[text] for text in texts], dtype=np.str_)


@cache
def known_languages() -> tuple[str, ...]:
    """Codes that `detect_languages` can return besides "und", sorted."""
    by_model = {_MACROLANGUAGE.get(label, label) for label in _identifier().labels}
    by_script = {name for *_, name in _SCRIPTS} - {_HAN, _KANA, _HANGUL}
    return tuple(sorted((by_model | by_script | {"ja", "ko", "zh"}) - {UNDECIDED}))


def _detect(text: str, min_confidence: float) -> str:
    prose = _prose(text)
    if not prose:
        return UNDECIDED
    return _by_script(prose) or _by_model(prose, min_confidence)


def _prose(text: str) -> str:
    """The words of the beginning of a text, parted by spaces."""
    return _NO_LETTERS.sub(" ", _NOT_PROSE.sub(" ", text[:READ_AT_MOST]))[:JUDGE_BY].strip()


def _by_script(prose: str) -> str | None:
    """The language if the script tells it."""
    if prose.isascii():
        return None
    counts, letters = _count_scripts(prose)
    han, kana, hangul = (counts.pop(name, 0) for name in (_HAN, _KANA, _HANGUL))
    ideographic = han + kana + hangul
    if ideographic >= max(FEWEST_LETTERS, IDEOGRAPHIC_SHARE * letters):
        if 2 * hangul >= ideographic:
            return "ko"
        return "ja" if kana >= KANA_SHARE * (han + kana) else "zh"
    commonest = max(counts, key=lambda name: (counts[name], name), default=None)
    if commonest and counts[commonest] >= max(FEWEST_LETTERS, letters / 2):
        return commonest
    return None


def _count_scripts(prose: str) -> tuple[dict[str, int], int]:
    """Letters of each script of one language, and letters of all scripts."""
    points = np.frombuffer(prose.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    place = np.searchsorted(_FIRSTS, points, side="right") - 1
    inside = (place >= 0) & (points <= _LASTS[place])
    counts: dict[str, int] = {}
    for script, count in enumerate(np.bincount(place[inside]).tolist()):
        if count:
            name = _SCRIPTS_IN_ORDER[script][2]
            counts[name] = counts.get(name, 0) + count
    return counts, sum(map(str.isalpha, prose))


def _by_model(prose: str, min_confidence: float) -> str:
    probabilities: dict[str, float] = {}
    for label, probability in _identifier().rank(prose):
        code = _MACROLANGUAGE.get(label, label)
        probabilities[code] = probabilities.get(code, 0.0) + probability
    likeliest = max(probabilities, key=lambda code: (probabilities[code], code))
    return likeliest if probabilities[likeliest] >= min_confidence else UNDECIDED


@cache
def _identifier() -> LanguageIdentifier:
    """The model, read once; imported here since reading it takes half a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


_SCRIPTS_IN_ORDER = sorted(_SCRIPTS)
_FIRSTS = np.array([first for first, _, _ in _SCRIPTS_IN_ORDER])
_LASTS = np.array([last for _, last, _ in _SCRIPTS_IN_ORDER])
