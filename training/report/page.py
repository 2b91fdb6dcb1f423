"""The report as one self-contained HTML page, in the order of the textbook's chapter 8."""

import html
from collections.abc import Mapping, Sequence
from importlib.resources import files
from string import Template

from training.report.feature_maps import Stage
from training.report.findings import conclusion, num_mistakes, percent, verdict
from training.report.fragments import figure, image, matrix, operator, table
from training.report.material import ReportMaterial
from training.report.tables import HISTORY_COLUMNS, confusion_text
from training.worked_examples import (
    CHAPTER_CONFUSION_MATRIX,
    CHAPTER_FIRST_PREDICTIONS,
    CHAPTER_HISTORY,
    CHAPTER_TEST_ACCURACY,
    CHAPTER_TEST_LOSS,
    CONVOLUTION_FILTER,
    CONVOLUTION_IMAGE,
    POOL_IMAGE,
    convolve_same,
    max_pool,
)

CHART_DENSITY = 2  # charts are drawn at twice their size on the page
GRID_DENSITY = 1.5  # grids of digits are shown larger
POOL_MAXIMA = ((0, 0), (1, 3), (2, 1), (2, 3))  # where 5, 6, 8 and 9 stand in the 4x4 image
NO_STAGES = (
    "<p>This network has no convolution and no pool: it takes the 784 pixels as one row of numbers "
    "and knows nothing of neighbours. It is the chapter&rsquo;s point of comparison, the "
    "multilayer perceptron.</p>"
)


def render_page(
    material: ReportMaterial, pictures: Mapping[str, bytes], stages: Sequence[Stage]
) -> str:
    """Write the page.

    Args:
        material: The run.
        pictures: PNG files by name, as `training.report.writing.draw` makes them.
        stages: The digit's way through the network.

    Returns:
        HTML that loads nothing from elsewhere.
    """
    folder = files("training.report")
    template = Template((folder / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        style=(folder / "page.css").read_text(encoding="utf-8"),
        **_summary(material),
        **_sections(material, pictures),
        journey=_journey(pictures, stages),
    )


def _summary(material: ReportMaterial) -> dict[str, str]:
    """The run's name and numbers."""
    scores = material.scores
    interval = scores.accuracy_interval
    return {
        "recipe": html.escape(material.recipe),
        "seed": str(material.seed),
        "accuracy": percent(scores.accuracy),
        "interval": f"{interval.low * 100:.2f}&ndash;{percent(interval.high)}",
        "loss": f"{scores.loss:.4f}",
        "mistakes": f"{num_mistakes(material):,}",
        "test_digits": f"{scores.n:,}",
        "chapter_accuracy": percent(CHAPTER_TEST_ACCURACY),
        "chapter_loss": f"{CHAPTER_TEST_LOSS:.4f}",
    }


def _sections(material: ReportMaterial, pictures: Mapping[str, bytes]) -> dict[str, str]:
    """What fills the chapter's sections."""
    return {
        "convolution_example": _convolution_example(),
        "pool_example": _pool_example(),
        "filter_example": _filter_example(pictures),
        "layers": _layers(material),
        "history_charts": _history_charts(pictures),
        "history_table": _history_table(material),
        "scores_table": _scores_table(material),
        "verdict": verdict(material),
        "first_predictions": _first_predictions(material),
        "digits": figure(
            pictures["predictions.png"], "The chapter&rsquo;s first ten.", density=GRID_DENSITY
        ),
        "mistakes_grid": _mistakes(material, pictures),
        "heat_maps": _heat_maps(pictures),
        "confusion": confusion_text(material.scores.confusion_matrix),
        "chapter_confusion": confusion_text(CHAPTER_CONFUSION_MATRIX),
        "conclusion": conclusion(material),
    }


def _convolution_example() -> str:
    """Section 8.1: image, filter and sums, the pixels of the first sum marked."""
    parts = (
        matrix(CONVOLUTION_IMAGE, marked=((0, 0), (0, 1), (1, 0))),
        operator("&lowast;"),
        matrix(CONVOLUTION_FILTER),
        operator("="),
        matrix(convolve_same(CONVOLUTION_IMAGE, CONVOLUTION_FILTER), marked=((0, 0),)),
    )
    return "".join(parts)


def _pool_example() -> str:
    """Section 8.1: the 4x4 image and its maxima."""
    return matrix(POOL_IMAGE, marked=POOL_MAXIMA) + operator("→") + matrix(max_pool(POOL_IMAGE, 2))


def _filter_example(pictures: Mapping[str, bytes]) -> str:
    """Section 8.1: the 7, the random filter, the result."""
    parts = (
        image(pictures["example-digit.png"], "The digit 7, 28&times;28 pixels"),
        operator("&lowast;"),
        image(pictures["example-filter.png"], "A random filter of 5&times;5 weights"),
        operator("="),
        image(pictures["example-result.png"], "The filtered digit, 28&times;28 numbers"),
    )
    return "".join(parts)


def _journey(pictures: Mapping[str, bytes], stages: Sequence[Stage]) -> str:
    """Section 8.1: every stage of the digit's way, the first filters before them."""
    if not stages:
        return NO_STAGES
    filters = figure(
        pictures["filters.png"],
        "The filters of convolution 1, as trained: orange weights look for ink, blue for paper.",
    )
    shown = [figure(pictures[stage.file_name], stage.title) for stage in stages]
    note = (
        "<p>A convolution makes as many maps as it has filters and keeps their size; a pool halves "
        "the sides and keeps their number. Full ink is a map&rsquo;s own maximum, bare paper is 0.</p>"
    )
    return note + filters + "".join(shown)


def _layers(material: ReportMaterial) -> str:
    """Section 8.3: the summary, one row per layer."""
    rows = [
        (
            html.escape(layer.name),
            type(layer).__name__,
            " &times; ".join(str(side) for side in layer.output.shape[1:]),
            f"{layer.count_params():,}",
        )
        for layer in material.model.layers
    ]
    header = ("Layer", "Type", "Output", "Parameters")
    total = ("Total", "", "", f"{material.model.count_params():,}")
    return table(header, rows, footer=total, css_class="layers")


def _history_charts(pictures: Mapping[str, bytes]) -> str:
    """Section 8.4: accuracy and loss."""
    captions = {"accuracy.png": "Accuracy after each epoch.", "loss.png": "Loss after each epoch."}
    return "".join(
        figure(pictures[name], caption, density=CHART_DENSITY) for name, caption in captions.items()
    )


def _history_table(material: ReportMaterial) -> str:
    """Section 8.4: four scores per epoch, then the chapter's four."""
    columns = [material.history[name] for name in HISTORY_COLUMNS]
    chapter = [CHAPTER_HISTORY[name] for name in HISTORY_COLUMNS]
    num_epochs = max(len(columns[0]), len(chapter[0]))
    rows = [
        [str(epoch + 1), *_values_at(columns, epoch), *_values_at(chapter, epoch)]
        for epoch in range(num_epochs)
    ]
    groups = [(name, len(HISTORY_COLUMNS)) for name in ("This run", "The chapter")]
    return table(("Epoch", *HISTORY_COLUMNS, *HISTORY_COLUMNS), rows, groups=groups)


def _values_at(columns: Sequence[Sequence[float]], epoch: int) -> list[str]:
    """The scores of one epoch, dashes where a run was shorter."""
    return [f"{values[epoch]:.4f}" if epoch < len(values) else "&ndash;" for values in columns]


def _scores_table(material: ReportMaterial) -> str:
    """Section 8.5: accuracy and loss, ours and the chapter's."""
    rows = (
        ("Accuracy", f"{material.scores.accuracy:.4f}", f"{CHAPTER_TEST_ACCURACY:.4f}"),
        ("Loss", f"{material.scores.loss:.4f}", f"{CHAPTER_TEST_LOSS:.4f}"),
    )
    return table(("", "This run", "The chapter"), rows)


def _first_predictions(material: ReportMaterial) -> str:
    """Section 8.6: the first ten answers in three rows."""
    first = slice(10)
    rows = (
        ("Label", *material.test_labels[first].tolist()),
        ("This run", *material.predictions[first].tolist()),
        ("The chapter", *CHAPTER_FIRST_PREDICTIONS),
    )
    return table(("Test digit", *range(10)), rows)


def _mistakes(material: ReportMaterial, pictures: Mapping[str, bytes]) -> str:
    """Section 8.6: the grid of the mistakes, if there are any."""
    if "mistakes.png" not in pictures:
        return "<p>There are none.</p>"
    caption = f"{len(material.mistakes())} of {num_mistakes(material):,} wrong answers."
    return figure(pictures["mistakes.png"], caption, density=GRID_DENSITY)


def _heat_maps(pictures: Mapping[str, bytes]) -> str:
    """Section 8.7: our matrix and the chapter's."""
    return figure(pictures["confusion_matrix.png"], "This run.", density=CHART_DENSITY) + figure(
        pictures["confusion_matrix_chapter.png"],
        "The chapter. Its row 8 adds up to 973, one short of MNIST&rsquo;s 974 eights.",
        density=CHART_DENSITY,
    )
