"""Failures of the training pipeline that are explained to the person who runs it.

`TrainingError` has these subclasses:

    DataUnavailableError    MNIST can be had from no source
    CheckpointError         the run directory holds no run, an unfinished one, or another one
    UnknownRecipeError      no recipe of that name
    UnsuitableRecipeError   a recipe that cannot be timed
    ClusterError            workers that are wrongly configured, unlike each other, or lost
    ExportError             the bundle computes something else than the network, or its place is taken
    ForeignNetworkError     a network from elsewhere that does not follow the chapter
    ResultsError            a results file that cannot be read

This module is a leaf: it imports nothing.
"""


class TrainingError(Exception):
    """Superclass of all errors of this package, never raised itself."""


class DataUnavailableError(TrainingError):
    """No source could give MNIST; the message lists what was tried and why it failed."""


class CheckpointError(TrainingError):
    """The run directory holds no run, an unfinished one, or one of another recipe, seed or data."""


class UnknownRecipeError(TrainingError):
    """No recipe has the name that was asked for."""


class UnsuitableRecipeError(TrainingError):
    """A recipe that is trained on uploads was to be timed beside plain Keras."""


class ClusterError(TrainingError):
    """Several workers cannot train together: wrongly configured, started unalike, or one was lost."""


class ExportError(TrainingError):
    """The exported bundle is wrong or its place is taken."""


class ForeignNetworkError(TrainingError):
    """A network from elsewhere cannot be opened, or does not follow the chapter."""


class ResultsError(TrainingError):
    """A file under docs/results is not one that this package writes."""
