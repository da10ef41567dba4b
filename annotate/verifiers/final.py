"""The final answer of a text, and when two answers are the same text.

The answer is looked for in this order: what the last ``\\boxed{…}`` holds; the last line that names
it (``Answer: …``, ``Final answer: …``, ``#### …``, and ``A: …`` where it ends the text); the last
line; the whole text. By the first two the text itself says what its answer is: it is *marked*.
Everything here takes time linear in the text.
"""

from __future__ import annotations

import re
import unicodedata

_NAMED = re.compile(
    r"^[ \t>*_#-]*(?:(?:final|correct)[ \t]+)?answer[*_ \t]*[:：](?P<answer>.*)$"
    r"|^[ \t]*####(?!#)(?P<hashes>.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_CLOSING = re.compile(r"[ \t>*_]*A[*_ \t]*[:：](?P<answer>.*)")
_BRACES = re.compile(r"(?P<box>\\f?boxed\s*\{)|\\.|[{}]", re.DOTALL)
_GROUPED_NUMBER = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DELIMITERS = (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"), ("**", "**"), ("`", "`"))
_QUOTES = "\"'“”‘’«»„ "
_STOPS = ".。;, "
_EMPHASIS = " \t*_"
_UNSEEN = dict.fromkeys([0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_SAME = {**_UNSEEN, 0xFEFF: None, ord("−"): "-"}


def marked_answer(text: str) -> str | None:
    """What the text says its answer is: in a box, or on a line that names it; None without."""
    boxed = _last_box(text)
    return named_answer(text) if boxed is None else boxed


def named_answer(text: str) -> str | None:
    """What the last line that names the answer says; None where no line does."""
    named = [match["answer"] or match["hashes"] or "" for match in _NAMED.finditer(text)]
    closing = _CLOSING.fullmatch(last_line(text))
    if closing is not None:
        named.append(closing["answer"])
    bare = (answer.strip(_EMPHASIS) for answer in reversed(named))
    return next((answer for answer in bare if answer), None)


def last_line(text: str) -> str:
    """The last line that holds anything; empty where none does."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def normalised(answer: str) -> str:
    """An answer without what makes no other answer of it.

    Unicode forms (NFKC), marks that are not seen, digits of other scripts, case, spaces, quotes,
    mathematical and Markdown delimiters, the stop at the end, and the commas in a number.
    """
    text = unicodedata.normalize("NFKC", answer).translate(_SAME).casefold()
    text = " ".join((text if text.isascii() else _western_digits(text)).split())
    while (inner := _unwrapped(text)) != text:
        text = inner
    return text.replace(",", "") if _GROUPED_NUMBER.fullmatch(text) else text


def _last_box(text: str) -> str | None:
    """What the box holds that opens last among those that close; escaped braces count as text."""
    open_braces: list[tuple[int, bool]] = []
    found, place = None, -1
    for sign in _BRACES.finditer(text):
        if sign["box"] or sign[0] == "{":
            open_braces.append((sign.end(), bool(sign["box"])))
        elif sign[0] == "}" and open_braces:
            start, is_box = open_braces.pop()
            inside = text[start : sign.start()].strip() if is_box and start > place else ""
            if inside:
                found, place = inside, start
    return found


def _western_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def _unwrapped(text: str) -> str:
    text = text.strip(_QUOTES)
    text = text.rstrip(_STOPS) or text
    for left, right in _DELIMITERS:
        inner = text[len(left) : -len(right)].strip()
        if inner and left not in inner and text.startswith(left) and text.endswith(right):
            return inner
    return text
