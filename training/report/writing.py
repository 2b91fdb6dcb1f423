"""Writes the report: every table and picture as a file, and the page that holds them all."""

from collections.abc import Sequence
from pathlib import Path

from training.report.charts import confusion_png, digits_png, history_png
from training.report.feature_maps import (
    Stage,
    digit_png,
    filters_png,
    first_filters,
    signed_png,
    stage_png,
    trace,
)
from training.report.material import ReportMaterial
from training.report.page import render_page
from training.report.tables import (
    confusion_csv,
    confusion_text,
    history_csv,
    model_summary,
    scores_json,
)
from training.worked_examples import CHAPTER_CONFUSION_MATRIX, filter_digit, random_filter

JOURNEY_DIGIT = 0  # the chapter's 7 is MNIST's test digit 0, section 8.1
FIRST_DIGITS = range(10)  # section 8.6
EXAMPLE_PIXELS = 6 * 28  # side of the pictures of the filter example


def write_report(report_dir: Path, material: ReportMaterial) -> None:
    """Write `index.html` and all that it shows as single files.

    Args:
        report_dir: Folder; made when it is missing. Pictures of an earlier report are removed.
        material: The run to report.
    """
    report_dir.mkdir(parents=True, exist_ok=True)
    for stale in report_dir.glob("*.png"):  # another recipe may have had more layers
        stale.unlink()
    stages = trace(material.model, material.test_images[JOURNEY_DIGIT])
    pictures = draw(material, stages)
    for name, png in pictures.items():
        (report_dir / name).write_bytes(png)
    for name, text in tabulate(material).items():
        (report_dir / name).write_text(text, encoding="utf-8")
    page = render_page(material, pictures, stages)
    (report_dir / "index.html").write_text(page, encoding="utf-8")


def draw(material: ReportMaterial, stages: Sequence[Stage]) -> dict[str, bytes]:
    """Draw all pictures of a report: PNG files by name."""
    digit = material.test_images[JOURNEY_DIGIT]
    pictures = {
        "accuracy.png": history_png(material.history, "accuracy"),
        "loss.png": history_png(material.history, "loss"),
        "predictions.png": digits_png(material, FIRST_DIGITS),
        "confusion_matrix.png": confusion_png(material.scores.confusion_matrix),
        "confusion_matrix_chapter.png": confusion_png(CHAPTER_CONFUSION_MATRIX),
        "example-digit.png": digit_png(digit, tile_pixels=EXAMPLE_PIXELS),
        "example-filter.png": signed_png(random_filter(), tile_pixels=EXAMPLE_PIXELS),
        "example-result.png": signed_png(filter_digit(digit), tile_pixels=EXAMPLE_PIXELS),
    }
    if mistakes := material.mistakes():
        pictures["mistakes.png"] = digits_png(material, mistakes)
    filters = first_filters(material.model)
    if filters is not None:
        pictures["filters.png"] = filters_png(filters)
    return pictures | {stage.file_name: stage_png(stage) for stage in stages}


def tabulate(material: ReportMaterial) -> dict[str, str]:
    """Write all tables of a report: texts by file name."""
    matrix = material.scores.confusion_matrix
    return {
        "model_summary.txt": model_summary(material),
        "history.csv": history_csv(material),
        "scores.json": scores_json(material),
        "confusion_matrix.txt": confusion_text(matrix),
        "confusion_matrix.csv": confusion_csv(matrix),
        "confusion_matrix_chapter.txt": confusion_text(CHAPTER_CONFUSION_MATRIX),
    }
