"""The errors of this package. Each message is a sentence that says what to do."""


class ModelingError(Exception):
    """Something a person can put right; the message says how."""


class ConfigError(ModelingError):
    """A configuration value is unknown or cannot be used."""


class DataError(ModelingError):
    """A dataset or an evaluation file cannot be read as written."""


class BackboneError(ModelingError):
    """A backbone is missing, is not safe to load or cannot be used."""


class TrainingError(ModelingError):
    """Training cannot start or cannot go on."""


class CheckpointError(ModelingError):
    """A checkpoint is missing, damaged or refused."""


class JudgeError(ModelingError):
    """A language model that judges cannot be asked."""


class TooMuchError(DataError):
    """A request asks for more than is done at once."""


class ServingError(ModelingError):
    """A model cannot be served now."""


class NotReadyError(ServingError):
    """A model is on its way or busy; `retry_after` says in how many seconds to ask again."""

    def __init__(self, message: str, *, retry_after: float = 2.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ExportError(ModelingError):
    """A model cannot be written in the form that was asked for."""


class InterruptionError(ModelingError):
    """The work was asked to stop; what was finished is saved and a second start resumes it."""
