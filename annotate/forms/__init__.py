"""What people type into pages, checked before it goes to a service."""

from annotate.forms.common import first_error
from annotate.forms.fields import AnchorsField, NamesField
from annotate.forms.guidelines import GuidelinesForm
from annotate.forms.imports import UPLOAD_SUFFIXES, ImportForm
from annotate.forms.judging import SKIP_REASONS, SkipForm, SubmissionForm
from annotate.forms.people import (
    AnnotatorsForm,
    InvitationForm,
    LanguageForm,
    NewAccountForm,
    RoleForm,
)
from annotate.forms.projects import ProjectForm, ProjectSettingsForm
from annotate.forms.verification import VerificationForm

__all__ = [
    "SKIP_REASONS",
    "UPLOAD_SUFFIXES",
    "AnchorsField",
    "AnnotatorsForm",
    "GuidelinesForm",
    "ImportForm",
    "InvitationForm",
    "LanguageForm",
    "NamesField",
    "NewAccountForm",
    "ProjectForm",
    "ProjectSettingsForm",
    "RoleForm",
    "SkipForm",
    "SubmissionForm",
    "VerificationForm",
    "first_error",
]
