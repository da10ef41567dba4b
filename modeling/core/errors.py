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


class InterruptionError(ModelingError):
    """The work was asked to stop; what was finished is saved and a second start resumes it."""
