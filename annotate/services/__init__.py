"""Everything that writes rows of annotation. Services are typed, atomic and name the actor."""

from annotate.services.claims import claim_assignment
from annotate.services.imports import import_file, import_records, request_import
from annotate.services.leases import expire_leases, renew_lease
from annotate.services.members import (
    accept_invitation,
    change_role,
    invite,
    join_with_account,
    remove_member,
    requalify,
    revoke_invitation,
)
from annotate.services.people import choose_language
from annotate.services.projects import (
    create_annotators,
    create_project,
    publish_guidelines,
    record,
    update_project,
)
from annotate.services.queue import (
    revise_judgment,
    save_draft,
    skip_assignment,
    submit_judgment,
)
from annotate.services.rounds import close_round, create_round, open_round
from annotate.services.simulate import simulate_annotators
from annotate.services.verification import request_verification

__all__ = [
    "accept_invitation",
    "change_role",
    "choose_language",
    "claim_assignment",
    "close_round",
    "create_annotators",
    "create_project",
    "create_round",
    "expire_leases",
    "import_file",
    "import_records",
    "invite",
    "join_with_account",
    "open_round",
    "publish_guidelines",
    "record",
    "remove_member",
    "renew_lease",
    "requalify",
    "request_import",
    "request_verification",
    "revise_judgment",
    "revoke_invitation",
    "save_draft",
    "simulate_annotators",
    "skip_assignment",
    "submit_judgment",
    "update_project",
]
