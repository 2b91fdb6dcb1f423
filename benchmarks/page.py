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


def find_studies(names: list[str], *, is_quick: bool = False) -> list[Study[Any]]:
    """Return the studies of these names, in the page's order.

    Args:
        names: For none, all studies.
        is_quick: Whether slow ones are among them only by their names.

    Raises:
        ValueError: If there is none of a name.
    """
    known = [study.name for study in STUDIES]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"There is no study {unknown[0]!r}. There are: {', '.join(known)}.")
    chosen = names or [study.name for study in STUDIES if not (is_quick and study.is_slow)]
    return [study for study in STUDIES if study.name in chosen]


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
