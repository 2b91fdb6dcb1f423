"""Failures of the training pipeline that are explained to the person who runs it.

    TrainingError
    ├── DataUnavailableError    MNIST can be had from no source
    ├── CheckpointError         the run directory belongs to another run
    ├── UnknownRecipeError      no recipe of that name
    └── ExportError             the exported bundle does not compute what the network computes
"""


class TrainingError(Exception):
    """Superclass of all errors of this package, never raised itself."""


class DataUnavailableError(TrainingError):
    """No source could give MNIST; the message lists what was tried and why it failed."""


class CheckpointError(TrainingError):
    """The run directory holds a checkpoint of another recipe, seed or data."""


class UnknownRecipeError(TrainingError):
    """No recipe has the name that was asked for."""


class ExportError(TrainingError):
    """The exported bundle is wrong or its place is taken."""
