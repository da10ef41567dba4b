"""What the pages of modeling show, gathered from rows: templates only lay it out."""

from modeling.pages.checkpoint import checkpoint_page
from modeling.pages.comparing import compare_page
from modeling.pages.loop import loop_panel, overview_page, told
from modeling.pages.playground import answered, playground_page, typed
from modeling.pages.promotion import promotion_page
from modeling.pages.runs import curve_reply, run_list_page, run_page, run_table

__all__ = [
    "answered",
    "checkpoint_page",
    "compare_page",
    "curve_reply",
    "loop_panel",
    "overview_page",
    "playground_page",
    "promotion_page",
    "run_list_page",
    "run_page",
    "run_table",
    "told",
    "typed",
]
