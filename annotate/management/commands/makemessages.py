"""Django's command, which also reads what our scripts translate by ``t`` and ``tn``."""

from __future__ import annotations

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    """Collects texts; the functions of ``static/js/i18n.js`` count beside Django's own."""

    xgettext_options = [
        *makemessages.Command.xgettext_options,
        "--keyword=t",
        "--keyword=tn:1,2",
    ]
