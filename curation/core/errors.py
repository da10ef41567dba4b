"""The errors of curation, each carrying one sentence for people."""


class CurationError(ValueError):
    """Something given to curation cannot be used as it is."""


class RecordError(CurationError):
    """A judgment or text contradicts another or names something that is not there."""


class RecipeError(CurationError):
    """A recipe asks for something that does not exist."""


class ExportError(CurationError):
    """A dataset cannot be written as asked."""
