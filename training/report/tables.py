"""The report's tables as text: network, history, confusion matrix, scores."""

import json

import pandas as pd
from numpy import int64
from numpy.typing import NDArray

from training.report.material import ReportMaterial
from training.worked_examples import (
    CHAPTER_FIRST_PREDICTIONS,
    CHAPTER_TEST_ACCURACY,
    CHAPTER_TEST_LOSS,
)

HISTORY_COLUMNS = ("accuracy", "loss", "val_accuracy", "val_loss")
SUMMARY_WIDTH = 80  # characters; fits a terminal and a printed page


def model_summary(material: ReportMaterial) -> str:
    """Return Keras's own summary: layers, output shapes and numbers of parameters."""
    lines: list[str] = []
    material.model.summary(print_fn=lines.append, line_length=SUMMARY_WIDTH)
    return "\n".join(lines).strip("\n") + "\n"


def history_csv(material: ReportMaterial) -> str:
    """Return the history as CSV: one line per epoch, counted from 1."""
    lines = [",".join(("epoch", *HISTORY_COLUMNS))]
    columns = [material.history[name] for name in HISTORY_COLUMNS]
    for epoch, values in enumerate(zip(*columns, strict=True), start=1):
        lines.append(",".join([str(epoch), *(f"{value:.6f}" for value in values)]))
    return "\n".join(lines) + "\n"


def confusion_frame(matrix: NDArray[int64]) -> pd.DataFrame:
    """Name the axes of a confusion matrix [10, 10] as the chapter's `pd.crosstab` does.

    Source: section 8.7, `rownames=['label'], colnames=['predict']`.
    """
    return pd.DataFrame(
        matrix,
        index=pd.Index(range(10), name="label"),
        columns=pd.Index(range(10), name="predict"),
    )


def confusion_text(matrix: NDArray[int64]) -> str:
    """Return a confusion matrix [10, 10] as `pd.crosstab` prints it."""
    return confusion_frame(matrix).to_string() + "\n"


def confusion_csv(matrix: NDArray[int64]) -> str:
    """Return a confusion matrix [10, 10] as CSV: first column label, then one per prediction."""
    return confusion_frame(matrix).to_csv(lineterminator="\n")


def scores_json(material: ReportMaterial) -> str:
    """Return the test scores and the first ten predictions, the chapter's beside ours."""
    scores = material.scores
    document = {
        "recipe": material.recipe,
        "seed": material.seed,
        "test_digits": scores.n,
        "test_accuracy": scores.accuracy,
        "test_accuracy_interval": [scores.accuracy_interval.low, scores.accuracy_interval.high],
        "test_loss": scores.loss,
        "first_predictions": material.predictions[:10].tolist(),
        "chapter": {
            "test_accuracy": CHAPTER_TEST_ACCURACY,
            "test_loss": CHAPTER_TEST_LOSS,
            "first_predictions": list(CHAPTER_FIRST_PREDICTIONS),
        },
    }
    return json.dumps(document, indent=2) + "\n"
