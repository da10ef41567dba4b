"""Model output as HTML: readable, and nothing in it acts."""

from __future__ import annotations

import re
import time

import pytest

from annotate.rendering import MAX_MARKDOWN, render_markdown
from tests.injected import PAYLOADS

ALLOWED_TAG = re.compile(
    r"</?(?:p|h[1-6]|ul|ol|li|blockquote|table|thead|tbody|tr|th|td|a|br|code|del|em|hr|pre|s|span"
    r"|strong)"
    r"((?: (?:dir=\"(?:auto|ltr|rtl)\"|tabindex=\"0\"|start=\"\d+\""
    r"|class=\"[\w -]+\"|rel=\"[\w ]+\""
    r"|title=\"[^\"<]*\"|href=\"(?:https?:|mailto:)[^\"<]*\"))*)>"
)


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("around", ["{}", "text {} text", "- {}", "> {}", "**{}**", "# {}"])
def test_injected_markup_never_acts(payload, around):
    html = str(render_markdown(around.format(payload)))
    assert "<" not in ALLOWED_TAG.sub("", html), html


def test_the_corpus_is_broad():
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 100


@pytest.mark.parametrize("payload", PAYLOADS)
def test_injected_markup_stays_readable_in_texts_too_long_for_markdown(payload):
    html = str(render_markdown(payload + "x" * MAX_MARKDOWN))
    assert re.fullmatch('<pre class="plain" dir="auto">[^<]*</pre>', html)


def test_everything_at_once_never_acts():
    html = str(render_markdown("\n\n".join(PAYLOADS)))
    assert "<" not in ALLOWED_TAG.sub("", html)


def test_links_leave_no_trace_and_open_nothing():
    html = render_markdown("[a](https://example.org/?a=1&b=2)")
    assert 'href="https://example.org/?a=1&amp;b=2"' in html
    assert 'rel="noopener noreferrer nofollow"' in html
    assert "target" not in html


def test_images_are_named_and_not_loaded():
    html = render_markdown("![a cat](https://x.example/cat.png)")
    assert "<img" not in html
    assert "[image: a cat] (https://x.example/cat.png)" in html


def test_code_is_highlighted_with_classes():
    html = render_markdown("```python\nprint('hi')\n```")
    assert '<span class="nb">print</span>' in html
    assert "style=" not in html


def test_code_in_an_unknown_language_stays_plain():
    assert "&lt;b&gt;" in render_markdown("```klingon\n<b>\n```")


def test_tables_and_strikethrough_work():
    html = render_markdown("| a |\n|---|\n| ~~b~~ |")
    assert "<table" in html
    assert "<s>b</s>" in html


def test_single_line_breaks_are_kept():
    assert "one<br>\ntwo" in render_markdown("one\ntwo")


@pytest.mark.parametrize("text", ["مرحبا", "# سلام", "> שלום", "| שלום |\n|---|\n| 1 |"])
def test_texts_find_their_own_direction(text):
    assert 'dir="auto"' in render_markdown(text)


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        ("- שלום\n- hello", '<ul dir="rtl">'),
        ("- 1.5 **hello**\n- שלום", '<ul dir="ltr">'),
        ("3. سلام\n\n4. x", '<ol start="3" dir="rtl">'),
        ("> - שלום", '<blockquote dir="rtl">\n<ul dir="rtl">'),
        ("| 1 | مرحبا |\n|---|---|\n| a | b |", '<table dir="rtl" tabindex="0">'),
        ("- $x$ и `y`", '<ul dir="ltr">'),
    ],
)
def test_what_holds_texts_takes_the_direction_of_its_first_letter(text, opening):
    assert opening in render_markdown(text)


def test_a_table_of_numbers_takes_no_direction_from_the_text_after_it():
    assert '<table tabindex="0">' in render_markdown("| 1 | 2 |\n|---|---|\n| 3 | 4 |\n\nשלום")


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("so $a_1 * b_2 * c$ holds", "$a_1 * b_2 * c$"),
        (r"so \(x \, y\) holds", r"\(x \, y\)"),
        (r"\[ a = b \]", r"\[ a = b \]"),
        ("$$\na < b\n$$", "$$\na &lt; b\n$$"),
        ("$k$", "$k$"),
    ],
)
def test_formulas_reach_the_browser_as_they_are(text, formula):
    assert f">{formula}</span>" in render_markdown(text)


@pytest.mark.parametrize("text", ["costs $5 and $10", "a $ b $ c", r"\$5 or \$6", "`$x$`"])
def test_prices_and_code_are_no_formulas(text):
    assert "math" not in render_markdown(text)


PIECES = ["word ", "[", "*a **b ", "\\(", "|a", "a\n\n", "> ", "`", "[a](", "<"]


@pytest.mark.parametrize("piece", PIECES)
def test_very_long_texts_are_safe_and_fast(piece):
    for size in (MAX_MARKDOWN, 200_000):
        text = (piece * size)[:size]
        started = time.process_time()
        html = render_markdown(text)
        assert time.process_time() - started < 2
        assert html


def test_texts_beyond_the_limit_stay_plain():
    html = render_markdown("<b>" * MAX_MARKDOWN)
    assert html.startswith('<pre class="plain" dir="auto">&lt;b&gt;')


def test_the_same_text_is_rendered_once():
    text = "once **only**"
    assert render_markdown(text) is render_markdown(text)


@pytest.mark.parametrize(
    "text",
    [
        "She sold 2002/5=80 and 200*2/3=133.3, so 5*6 are left",
        "2*3*4",
        "a*b*c",
        "x**2 + y**2",
        "2**3**4",
        "(1+2)*3*(4+5)",
        "200*2/3 = 100 and 5*6",
        "été*à*là",
    ],
)
def test_asterisks_between_letters_and_digits_stay(text):
    assert render_markdown(text) == f'<p dir="auto">{text}</p>\n'


def test_a_calculation_in_angle_brackets_stays():
    shown = render_markdown("It costs <<200*2/5=80>>80, and 200*2/3 too.")
    assert "&lt;&lt;200*2/5=80&gt;&gt;80, and 200*2/3 too." in shown


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("**bold**", "<strong>bold</strong>"),
        ("a *word* here", "a <em>word</em> here"),
        ("(*word*), **1.** and ***both***", "(<em>word</em>), <strong>1.</strong> and"),
        ("**2*3*4**", "<strong>2*3*4</strong>"),
        ("**a *b* c**", "<strong>a <em>b</em> c</strong>"),
        ("[a *b*](https://x.org)", "a <em>b</em></a>"),
        ("中文**加粗**中文", "中文<strong>加粗</strong>中文"),
    ],
)
def test_emphasis_at_the_borders_of_words_stays(text, markup):
    assert markup in render_markdown(text)


@pytest.mark.parametrize("filler", ["\n", "a", " "])
def test_degenerate_code_is_shown_plain(filler):
    """Some lexers take time that grows with the square of such a run."""
    rendered = render_markdown("```c\n" + filler * 7_500 + "\n```")
    assert "<pre" in rendered
    assert "<span" not in rendered


def test_only_so_much_code_of_a_text_is_highlighted():
    block = "```python\n" + "x = 1\n" * 1_000 + "```\n"
    rendered = render_markdown(block * 4)
    assert rendered.count("<pre") == 4
    assert rendered.split("<pre")[1].count("<span") > 1_000
    assert rendered.split("<pre")[4].count("<span") == 0
