"""The keys of the judging page: which actions there are, and how a person may move them.

An action is named by the kind of item it belongs to and its default key, as ``comparison.g`` or
``all.s``; what a person changed stands in ``User.preferences["keys"]`` as ``{action: key}``. Keys
are named as browsers name them: one character, perhaps with ``Alt+`` before it, or ``Enter``.
Digits and plain arrows stay where they are, for they mean places on a scale or on the screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotate.errors import InvalidInput
from annotate.models import User

ALL = "all"
SUBMIT = "Enter"
_KEY = re.compile(r"(?:Alt\+)?[^\s\d\x00-\x1f\x7f]|Alt\+Arrow(?:Up|Down|Left|Right)|Enter")


@dataclass(frozen=True)
class Action:
    """Something that a key does: ``scope`` is a kind of item, or ``all``."""

    scope: str
    default: str
    label: str | Promise

    @property
    def name(self) -> str:
        """What the action is called where a changed key is stored."""
        return f"{self.scope}.{self.default}"


ACTIONS: tuple[Action, ...] = (
    Action(ALL, SUBMIT, gettext_lazy("Submit")),
    Action(ALL, "r", gettext_lazy("Write a reason")),
    Action(ALL, "s", gettext_lazy("Skip the item")),
    Action(ALL, "z", gettext_lazy("Edit the last judgment")),
    Action(ALL, "h", gettext_lazy("Show or hide the guidelines")),
    Action(ALL, "?", gettext_lazy("Show the keys")),
    Action(ALL, "d", gettext_lazy("Mark the differences")),
    Action(ALL, "m", gettext_lazy("Show long texts in full")),
    Action(ALL, "l", gettext_lazy("Scroll the texts together")),
    Action("comparison", "t", gettext_lazy("Tie")),
    Action("comparison", "g", gettext_lazy("Both good")),
    Action("comparison", "b", gettext_lazy("Both bad")),
    Action("comparison", "u", gettext_lazy("Unsafe")),
    Action("comparison", "c", gettext_lazy("Can’t judge")),
    Action("comparison", "a", gettext_lazy("Go to the aspects, and back")),
    Action("comparison", "k", gettext_lazy("Scroll long texts up")),
    Action("comparison", "j", gettext_lazy("Scroll long texts down")),
    Action("ranking", "k", gettext_lazy("Select the response above")),
    Action("ranking", "j", gettext_lazy("Select the response below")),
    Action("ranking", "Alt+ArrowUp", gettext_lazy("Move the response up")),
    Action("ranking", "Alt+ArrowDown", gettext_lazy("Move the response down")),
    Action("ranking", "=", gettext_lazy("Tie it with the one above")),
    Action("ranking", "-", gettext_lazy("Untie it")),
    Action("ranking", "p", gettext_lazy("Place the responses one by one")),
    Action("ranking", "o", gettext_lazy("This order is right")),
    Action("ranking", "b", gettext_lazy("The best one")),
    Action("ranking", "w", gettext_lazy("The worst one")),
    Action("rating", "k", gettext_lazy("The row above")),
    Action("rating", "j", gettext_lazy("The row below")),
    Action("rating", "x", gettext_lazy("Clear the row")),
    Action("rating", "t", gettext_lazy("Ten")),
    Action("rating", "-", gettext_lazy("Below zero, before a digit")),
    Action("steps", "+", gettext_lazy("Good")),
    Action("steps", "-", gettext_lazy("Bad")),
    Action("steps", "k", gettext_lazy("The step above")),
    Action("steps", "j", gettext_lazy("The step below")),
    Action("steps", "x", gettext_lazy("Clear the label")),
    Action("steps", "g", gettext_lazy("Give up, or say that the problem is bad")),
    Action("outcome", "y", gettext_lazy("Right")),
    Action("outcome", "n", gettext_lazy("Wrong")),
)
BY_NAME: Mapping[str, Action] = {action.name: action for action in ACTIONS}


def own_keys(user: User) -> dict[str, str]:
    """What a person changed: ``{action: key}``, without what no longer makes sense."""
    stored = user.preferences.get("keys") if isinstance(user.preferences, dict) else None
    if not isinstance(stored, dict):
        return {}
    return {name: key for name, key in stored.items() if name in BY_NAME and _is_key(name, key)}


@transaction.atomic
def set_keys(user: User, *, keys: Mapping[str, str]) -> dict[str, str]:
    """Store a person's keys, ``{action: key}`` for all actions or some; the rest are defaults.

    Raises InvalidInput with a sentence where a key cannot be used or two actions share one.
    """
    chosen = {name: keys.get(name, "").strip() or a.default for name, a in BY_NAME.items()}
    for name, key in chosen.items():
        _check_key(name, key)
    for first, second in _clashes(chosen):
        raise InvalidInput(
            _("%(key)s cannot be both “%(first)s” and “%(second)s”: choose another key for one.")
            % {"key": chosen[first.name], "first": first.label, "second": second.label},
            field=second.name,
        )
    changed = {name: key for name, key in chosen.items() if key != BY_NAME[name].default}
    person = User.objects.select_for_update().get(pk=user.pk)
    person.preferences = {**(person.preferences or {}), "keys": changed}
    person.save(update_fields=["preferences"])
    user.preferences = person.preferences
    return changed


def _check_key(name: str, key: str) -> None:
    if not _is_key(name, key):
        raise InvalidInput(
            _("“%(key)s” cannot be the key for “%(action)s”: take one character that is no digit.")
            % {"key": key, "action": BY_NAME[name].label},
            field=name,
        )


def _is_key(name: str, key: object) -> bool:
    """Enter can only submit, and no letter's capital is a key of its own."""
    if not isinstance(key, str) or not _KEY.fullmatch(key) or key != key_name(key):
        return False
    return key != SUBMIT or name == f"{ALL}.{SUBMIT}"


def key_name(key: str) -> str:
    """A key as it is compared: letters in their small form."""
    head, name = ("Alt+", key[4:]) if key.startswith("Alt+") else ("", key)
    return head + (name.lower() if len(name) == 1 else name)


def _clashes(chosen: Mapping[str, str]) -> Iterator[tuple[Action, Action]]:
    """Pairs of actions that one item's page would give the same key."""
    for k, second in enumerate(ACTIONS):
        for first in ACTIONS[:k]:
            meet = first.scope == second.scope or ALL in (first.scope, second.scope)
            if (
                meet
                and chosen[first.name] == chosen[second.name]
                and _was_moved(first, second, chosen)
            ):
                yield first, second


def _was_moved(first: Action, second: Action, chosen: Mapping[str, str]) -> bool:
    """Two defaults that are the same belong to screens that never meet."""
    return any(chosen[a.name] != a.default for a in (first, second))
