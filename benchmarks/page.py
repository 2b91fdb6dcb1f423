"""The page docs/benchmarks.md: the comparison, and the studies that were measured.

benchmarks/*.json -> sections -> benchmarks.md
"""

from pathlib import Path
from typing import Any

from benchmarks import bulk, health_under_load, large_pictures, tensorflow_engine, training_speed
from benchmarks.report import render
from benchmarks.results import read_comparison
from benchmarks.study import Study

STUDIES: tuple[Study[Any], ...] = (
    health_under_load.STUDY,
    large_pictures.STUDY,
    bulk.STUDY,
    tensorflow_engine.STUDY,
    training_speed.STUDY,
)


def find_studies(names: list[str]) -> list[Study[Any]]:
    """Return the studies of these names, in the page's order; all for an empty list.

    Raises:
        ValueError: If there is none of a name.
    """
    known = [study.name for study in STUDIES]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"There is no study {unknown[0]!r}. There are: {', '.join(known)}.")
    return [study for study in STUDIES if not names or study.name in names]


def write_page(folder: Path) -> Path:
    """Write the page from the results beside it.

    Args:
        folder: Folder of the page; the results lie under its `benchmarks/`.

    Raises:
        BenchmarkError: If there is no comparison, or a file holds something else.
    """
    comparison = read_comparison(folder / "benchmarks" / "serving.json")
    sections = [section for study in STUDIES if (section := study.section(folder))]
    page = folder / "benchmarks.md"
    page.write_text(render(comparison, sections), encoding="utf-8")
    return page
