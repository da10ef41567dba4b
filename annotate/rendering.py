"""Model output and guidelines as safe HTML.

Texts come from strangers. Raw HTML is never parsed, images are never loaded, code is highlighted
with classes instead of styles, formulas become plain text in a span that the browser typesets, and
whatever comes out passes a tight allow-list once more.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

MAX_MARKDOWN = 50_000
MAX_HIGHLIGHT = 8_000  # characters of one block of code
MAX_HIGHLIGHTED = 16_000  # characters of all blocks of a text
STRONG = ("L", "R", "AL")  # kinds of letters that have a direction
DEGENERATE = re.compile(r"(.)\1{299}", re.DOTALL)  # some lexers are quadratic in such runs
TEXT_BLOCKS = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "th", "td")
CONTAINERS = ("ul", "ol", "blockquote", "table")
BLOCKS = (*TEXT_BLOCKS, *CONTAINERS)
TAGS = {
    *BLOCKS,
    "a",
    "br",
    "code",
    "del",
    "em",
    "hr",
    "li",
    "pre",
    "s",
    "span",
    "strong",
    "tbody",
    "thead",
    "tr",
}
ATTRIBUTES = {name: {"dir"} for name in (*BLOCKS, "pre")} | {
    "a": {"href", "title"},
    "ol": {"dir", "start"},
    "table": {"dir", "tabindex"},
}
CLASSES = {
    "code": {"highlight"},
    "span": {name for name in STANDARD_TYPES.values() if name} | {"math", "math-block", "image"},
    "pre": {"plain"},
}
_MATH = re.compile(
    r"\$\$(?=[^$])(?P<block>.{1,2000}?)\$\$"
    r"|\\\[(?P<bracket>.{1,2000}?)\\\]"
    r"|\\\((?P<paren>.{1,2000}?)\\\)"
    r"|\$(?=[^\s$])(?P<inline>[^$\n]{0,1000}?[^\s$\\]|[^\s$])\$(?!\d)",
    re.DOTALL,
)
_SURROGATES = re.compile("[\ud800-\udfff]")


def render_markdown(text: str) -> SafeString:
    """Markdown as sanitised HTML; texts beyond ``MAX_MARKDOWN`` characters stay plain."""
    text = _SURROGATES.sub("\ufffd", text)
    if len(text) > MAX_MARKDOWN:
        return _plain(text)
    return _render(text)


@lru_cache(maxsize=256)
def _render(text: str) -> SafeString:
    return _sanitise(_markdown().render(text))


def _plain(text: str) -> SafeString:
    return mark_safe(f'<pre class="plain" dir="auto">{html.escape(text)}</pre>')  # noqa: S308


def _sanitise(markup: str) -> SafeString:
    clean = nh3.clean(
        markup,
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(clean)  # noqa: S308


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "highlight": _highlight})
    parser.enable(["table", "strikethrough"])
    parser.core.ruler.push("direction", _direction)
    parser.core.ruler.push("tables", _focusable_tables)
    parser.inline.ruler.before("escape", "math", _math_rule)
    parser.inline.ruler.before("emphasis", "times", _times_rule)
    parser.add_render_rule("image", _image)
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("code_block", _code_block)
    parser.add_render_rule("math", _math)
    return parser


def _focusable_tables(state: StateCore) -> None:
    """Wide tables scroll sideways, which takes focus where there is no pointer (WCAG 2.1.1)."""
    for token in state.tokens:
        if token.type == "table_open":
            token.attrSet("tabindex", "0")


def _direction(state: StateCore) -> None:
    """Let Arabic and Hebrew read properly: each text by its own first letter.

    The browser finds the direction of a text but not of what holds texts with a direction of their
    own, so lists, quotes and tables are told theirs: it puts markers, bars and columns in place.
    """
    opened: list[Token] = []
    for token in state.tokens:
        if token.tag in CONTAINERS and token.nesting == 1:
            opened.append(token)
        elif token.tag in CONTAINERS and opened:
            opened.pop()
        elif token.nesting == 1 and token.tag in TEXT_BLOCKS:
            token.attrSet("dir", "auto")
        elif token.type == "inline" and opened:
            opened = _directed(opened, token)


def _directed(opened: list[Token], text: Token) -> list[Token]:
    """Give the containers that wait for a letter the direction of this text's first one."""
    words = "".join(child.content for child in text.children or () if child.type == "text")
    letter = next((kind for kind in map(unicodedata.bidirectional, words) if kind in STRONG), None)
    if letter is None:
        return opened
    for token in opened:
        token.attrSet("dir", "ltr" if letter == "L" else "rtl")
    return []


def _math_rule(state: StateInline, silent: bool) -> bool:
    """``$…$``, ``$$…$$``, ``\\(…\\)`` and ``\\[…\\]``, left as they are for the browser."""
    if state.src[state.pos] not in "$\\":
        return False
    match = _MATH.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        token = state.push("math", "span", 0)
        token.content = match[0]
        token.meta = {"block": match.lastgroup in ("block", "bracket")}
    state.pos = match.end()
    return True


def _times_rule(state: StateInline, silent: bool) -> bool:
    """Asterisks inside a word or a sum, as in ``2*3*4``, stay: people judge what was written."""
    start, end = state.pos, state.pos
    while end < state.posMax and state.src[end] == "*":
        end += 1
    if not 0 < start < end < state.posMax:
        return False
    before, after = state.src[start - 1], state.src[end]
    if not ((_is_word(before) or before in ")]}") and _is_word(after)):
        return False
    if not silent:
        state.pending += state.src[start:end]
    state.pos = end
    return True


def _is_word(character: str) -> bool:
    """A letter or digit of a script that puts spaces between words; others emphasise inside."""
    return character.isalnum() and unicodedata.east_asian_width(character) not in "WF"


def _math(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    name = "math-block" if token.meta["block"] else "math"
    return f'<span class="{name}">{html.escape(token.content)}</span>'


def _image(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """An image is named, never loaded: a remote picture would tell its host who reads it."""
    token = tokens[index]
    source = html.escape(str(token.attrs.get("src", ""))[:200])
    return f'<span class="image">[image: {html.escape(token.content)}] ({source})</span>'


def _fence(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    language = (token.info.split() or [""])[0]
    env["highlighted"] = env.get("highlighted", 0) + len(token.content)
    if env["highlighted"] > MAX_HIGHLIGHTED:
        language = ""
    code = _highlight(token.content, language)
    return f'<pre dir="ltr"><code class="highlight">{code}</code></pre>\n'


def _code_block(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    return f'<pre dir="ltr"><code>{html.escape(tokens[index].content)}</code></pre>\n'


def _highlight(code: str, language: str, _attributes: str = "") -> str:
    """Code with Pygments' class names; plain where the language is unknown or the code long."""
    if not language or len(code) > MAX_HIGHLIGHT or DEGENERATE.search(code):
        return html.escape(code)
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return html.escape(code)
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True)))
