"""Forms about people: accounts, invitations, roles, their own settings."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib.auth.forms import UserCreationForm
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotate.forms.common import in_words
from annotate.models import Membership, User
from annotate.services.members import MAX_DAYS, MAX_USES
from annotate.services.projects import MAX_ANNOTATORS


def _roles() -> list[tuple[str, str]]:
    return in_words(Membership.Role.choices)


def _languages() -> list[tuple[str, str]]:
    return [("", gettext("As the browser asks")), *settings.LANGUAGES]


class AnnotatorsForm(forms.Form):
    """Accounts to create, once for each ``key``."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    n = forms.IntegerField(label=_("How many"), min_value=1, max_value=MAX_ANNOTATORS, initial=3)
    role = forms.ChoiceField(label=_("Role"), choices=_roles)


class InvitationForm(forms.Form):
    """A link to make, once for each ``key``."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    role = forms.ChoiceField(label=_("Role"), choices=_roles)
    max_uses = forms.IntegerField(
        label=_("People it lets in"), min_value=1, max_value=MAX_USES, initial=1
    )
    days = forms.IntegerField(label=_("Days it works"), min_value=1, max_value=MAX_DAYS, initial=7)


class RoleForm(forms.Form):
    """Another role for a member."""

    role = forms.ChoiceField(label=_("Role"), choices=_roles)


class NewAccountForm(UserCreationForm):
    """The username and password of somebody who was invited."""

    class Meta:
        model = User
        fields = ["username"]


class LanguageForm(forms.Form):
    """The language of the pages."""

    language = forms.ChoiceField(label=_("Language"), required=False, choices=_languages)
