"""Everything that writes rows of annotation. Services are typed, atomic and name the actor."""

from annotate.services.imports import import_file, import_records, request_import
from annotate.services.projects import (
    create_annotators,
    create_project,
    publish_guidelines,
    record,
    update_project,
)
from annotate.services.queue import (
    claim_assignment,
    expire_leases,
    renew_lease,
    revise_judgment,
    save_draft,
    skip_assignment,
    submit_judgment,
)
from annotate.services.rounds import close_round, create_round, open_round
from annotate.services.simulate import simulate_annotators

__all__ = [
    "claim_assignment",
    "close_round",
    "create_annotators",
    "create_project",
    "create_round",
    "expire_leases",
    "import_file",
    "import_records",
    "open_round",
    "publish_guidelines",
    "record",
    "renew_lease",
    "request_import",
    "revise_judgment",
    "save_draft",
    "simulate_annotators",
    "skip_assignment",
    "submit_judgment",
    "update_project",
]
