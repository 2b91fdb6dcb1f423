"""Charts drawn with matplotlib: history, grids of digits, confusion matrix."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from training.report.material import ReportMaterial
from training.report.png import NEGATIVE, POSITIVE, encode_png

DPI = 150  # shown at half size, sharp on dense screens
TEXT = "#2b3138"
SOFT_TEXT = "#6b737c"
GRID = "#e3e6ea"
TRAIN, VALIDATION = "#1f5fa8", "#e07b1a"  # blue and orange, as in section 8.4
WRONG = "#b3261e"
GRID_COLUMNS = 5  # the chapter's grid, section 8.6
FULL_MISTAKE_SHARE = 0.02  # share of a label's digits at which a mistake's colour is strongest


def history_png(history: Mapping[str, Sequence[float]], metric: str) -> bytes:
    """Draw a metric over the epochs, training and validation.

    Args:
        history: `accuracy`, `loss`, `val_accuracy` and `val_loss`, one value per epoch.
        metric: `accuracy` or `loss`.

    Source: section 8.4, `show_train_history`.
    """
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.add_subplot()
    series = ((metric, "train", TRAIN), (f"val_{metric}", "validation", VALIDATION))
    for name, label, colour in series:
        values = history[name]
        epochs = range(1, len(values) + 1)
        axes.plot(epochs, values, color=colour, label=label, lw=2, marker="o", ms=4)
    axes.set_xlabel("Epoch", color=TEXT)
    axes.set_ylabel(metric, color=TEXT)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color=GRID)
    axes.tick_params(colors=TEXT, length=0)
    axes.spines[:].set_visible(False)
    axes.legend(frameon=False, labelcolor=TEXT)
    return _render(figure)


def digits_png(material: ReportMaterial, indexes: Sequence[int]) -> bytes:
    """Draw test digits in rows of five, titled with label and prediction; mistakes in red.

    Args:
        material: Its test digits and answers are drawn.
        indexes: Which digits, at least one.

    Source: section 8.6, `plot_images_labels_prediction`.
    """
    rows = -(-len(indexes) // GRID_COLUMNS)
    figure = Figure(figsize=(8, 2.04 * rows), layout=ConstrainedLayoutEngine(h_pad=0.08))
    for axes in figure.subplots(rows, GRID_COLUMNS, squeeze=False).flat[len(indexes) :]:
        axes.set_axis_off()
    for index, axes in zip(indexes, figure.axes, strict=False):
        _draw_digit(axes, material, index)
    return _render(figure)


def confusion_png(matrix: npt.NDArray[np.int64]) -> bytes:
    """Draw a confusion matrix [10, 10] as a heat map: right answers blue, mistakes orange.

    Mistakes are a hundred times rarer than right answers, so they have a scale of their own: the
    square root of their share of the label's digits, strongest at `FULL_MISTAKE_SHARE`.

    Source: section 8.7, rows = label, columns = prediction.
    """
    figure = Figure(figsize=(6, 5.6), layout="constrained")
    axes = figure.add_subplot()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(_heat(shares))
    for label, predicted in np.argwhere(matrix):
        is_dark = shares[label, predicted] > (
            0.5 if label == predicted else 0.6 * FULL_MISTAKE_SHARE
        )
        colour = "white" if is_dark else TEXT
        count = str(matrix[label, predicted])
        axes.text(predicted, label, count, ha="center", va="center", color=colour, fontsize=10)
    axes.set_xticks(range(10))
    axes.set_yticks(range(10))
    axes.set_xticks(np.arange(-0.5, 10), minor=True)
    axes.set_yticks(np.arange(-0.5, 10), minor=True)
    axes.grid(which="minor", color=GRID)
    axes.tick_params(which="both", colors=TEXT, length=0)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("predict", color=TEXT)
    axes.set_ylabel("label", color=TEXT)
    axes.spines[:].set_color(GRID)
    return _render(figure)


def _draw_digit(axes: Axes, material: ReportMaterial, index: int) -> None:
    """Draw one test digit with its title, and its position and confidence below."""
    label, predicted = material.test_labels[index], material.predictions[index]
    confidence = material.probabilities[index, predicted]
    axes.imshow(material.test_images[index], cmap="binary", vmin=0, vmax=255)
    axes.set_title(
        f"label={label}, predict={predicted}",
        fontsize=10,
        color=TEXT if label == predicted else WRONG,
    )
    axes.set_xlabel(f"no. {index} · {confidence:.1%}", fontsize=8, color=SOFT_TEXT)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _heat(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Colour shares [10, 10] of each label's digits as uint8 [10, 10, 3]."""
    is_right = np.eye(10, dtype=bool)
    strength = np.where(is_right, shares, np.minimum(np.sqrt(shares / FULL_MISTAKE_SHARE), 1))
    full = np.where(is_right[..., np.newaxis], NEGATIVE, POSITIVE)
    colours = 255 + strength[..., np.newaxis] * (full - 255.0)
    return np.rint(colours).astype(np.uint8)


def _render(figure: Figure) -> bytes:
    """Draw a figure and encode it small."""
    figure.set_dpi(DPI)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return encode_png(np.asarray(canvas.buffer_rgba())[..., :3].copy())
