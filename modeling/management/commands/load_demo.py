"""load_demo: the sample projects, judged once, with a first reward model."""

from __future__ import annotations

from typing import Any

from annotate.management.base import JsonCommand
from modeling.demo import LOGINS, PASSWORD, load_demo


class Command(JsonCommand):
    help = "Load the sample projects and accounts of the demo; a second time changes nothing."

    def execute_command(self, **options: Any) -> dict[str, Any]:
        load_demo(self.note)
        return {f"login {role}": f"{name} / {PASSWORD}" for name, role in LOGINS}
