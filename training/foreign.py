"""Networks from elsewhere: a SavedModel or a Keras file that follows the chapter, as if it were a finished run.

file or directory -> Keras network -> shapes, probabilities and accuracy checked -> TrainedRun -> export

Opening one runs what it is made of: take only what you trust.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from training.checkpoints import RunState
from training.data import Mnist, split
from training.errors import ForeignNetworkError
from training.feeding import normalise
from training.recipes import INPUT_SHAPE, LayerBuilder, Recipe
from training.run import TrainedRun, predict

ENDPOINT = "serving_default"
NUM_CHECKED = 1_000  # validation digits
MOST_LOSS = 0.5  # nats; a network that is fed other pixels than it knows reads with doubt
LEAST_ACCURACY = 0.5  # of them; below, a network was made for other pixels, or for no digits
TOLERANCE = 1e-3  # by which ten probabilities may miss a sum of 1
Floats = npt.NDArray[np.float32]

# What else networks are fed with, and how one is mended that was.
OTHER_PIXELS: tuple[tuple[Callable[[Floats], Floats], str], ...] = (
    (lambda pixels: pixels * 255, "It expects pixels of 0 to 255: begin it with Rescaling(255)."),
    (lambda pixels: 1 - pixels, "It expects dark ink on light paper: invert its input first."),
    (
        lambda pixels: pixels * 2 - 1,
        "It expects pixels of -1 to 1: begin it with Rescaling(2, -1).",
    ),
)


def open_foreign(path: Path, mnist: Mnist) -> TrainedRun:
    """Open a network that was trained elsewhere.

    Args:
        path: Directory of a SavedModel, or a `.keras` or `.h5` file. It maps float32 [N, 28, 28, 1],
            0 = paper and 1 = ink, to ten probabilities.
        mnist: Digits to check it with.

    Returns:
        It as a finished run of the recipe `imported`, whose validation digits may have been trained on.

    Raises:
        ForeignNetworkError: If it cannot be opened, is of other shapes, gives no probabilities, or
            does not read digits.
    """
    network = _load_saved_model(path) if path.is_dir() else _load_keras(path)
    _check_shapes(network)
    run = TrainedRun(IMPORTED, network, RunState("imported", 0, dict(mnist.md5), 0), path)
    _check_answers(run, mnist)
    return run


def _build_nothing(_name: str, _convolution: LayerBuilder) -> Any:
    """Refuse to build a network that was built elsewhere."""
    raise ForeignNetworkError("An imported network cannot be trained here.")


IMPORTED = Recipe("imported", "A network that was trained elsewhere.", _build_nothing)


def _load_keras(path: Path) -> Any:
    """Load a Keras file; one that holds Python code of its own is refused."""
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as cause:  # whatever a file may hold, and Keras says of it
        raise ForeignNetworkError(
            f"{path} is no Keras file of built-in layers that can be read here. Save it by "
            "model.save('name.keras') with a Keras 3 as new as this one, or export a SavedModel."
        ) from cause


def _load_saved_model(path: Path) -> Any:
    """Wrap the default signature of a SavedModel into a network."""
    try:
        served = layers.TFSMLayer(str(path), call_endpoint=ENDPOINT)
        inputs = keras.Input(INPUT_SHAPE)
        outputs = served(inputs)
        if isinstance(outputs, dict):
            (outputs,) = outputs.values()
        return keras.Model(inputs, outputs)
    except Exception as cause:  # whatever a directory may hold, and TensorFlow says of it
        raise ForeignNetworkError(
            f"{path} is no SavedModel whose signature {ENDPOINT} takes float32 [N, 28, 28, 1] and has one "
            "output. Export one by model.export('directory')."
        ) from cause


def _check_shapes(network: Any) -> None:
    """Check what goes in and comes out."""
    shapes = (tuple(network.input_shape[1:]), tuple(network.output_shape[1:]))
    if shapes != (INPUT_SHAPE, (10,)):
        raise ForeignNetworkError(
            f"The network maps {list(shapes[0])} to {list(shapes[1])}, each without the batch; "
            f"expected {list(INPUT_SHAPE)} to [10]."
        )


def _check_answers(run: TrainedRun, mnist: Mnist) -> None:
    """Check that validation digits are answered with probabilities, and mostly rightly."""
    _, validation = split(mnist)
    images, labels = validation.images[-NUM_CHECKED:], validation.labels[-NUM_CHECKED:]
    answers = predict(run.network, images)
    sums = answers.sum(axis=1)
    if not (
        np.isfinite(answers).all() and (answers >= 0).all() and np.allclose(sums, 1, atol=TOLERANCE)
    ):
        raise ForeignNetworkError(
            "The network's ten outputs are no probabilities that sum to 1. End it with a softmax."
        )
    accuracy = float((answers.argmax(axis=1) == labels).mean())
    loss, pixels = _loss(answers, labels), normalise(images)
    if accuracy >= LEAST_ACCURACY and loss <= MOST_LOSS:
        return
    hints = (
        hint
        for change, hint in OTHER_PIXELS
        if _loss(run.network.predict(change(pixels), verbose=0), labels) < loss / 2
    )
    hint = next(hints, "" if accuracy >= LEAST_ACCURACY else "Train it on such digits.")
    if hint:
        raise ForeignNetworkError(
            f"Of validation digits with ink of 1 on paper of 0 the network reads {accuracy:.0%}, at a "
            f"cross-entropy of {loss:.2f} nats. {hint}"
        )


def _loss(answers: Floats, labels: npt.NDArray[np.uint8]) -> float:
    """Return the mean cross-entropy in nats; it tells a feed that is merely scaled, as accuracy does not."""
    right = answers[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(right, np.float32(1e-7))).mean())
