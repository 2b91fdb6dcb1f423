"""Bulk scoring: its table, and what its published figures promise."""

import statistics
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.scoring import Run, read_runs, render, section, write_images, write_runs

RUN = Run(0, 1, 100, images_per_s=1000.0, start_s=10.0, cpu_us=500.0, peak_mib=900.0)


def test_results_are_read_as_written(tmp_path: Path) -> None:
    """Runs come back with where they come from."""
    write_runs(
        [RUN, replace(RUN, workers=2)],
        "python -m benchmarks.scoring --images 100",
        tmp_path / "score.json",
    )

    assert read_runs(tmp_path / "score.json") == [RUN, replace(RUN, workers=2)]
    assert "`python -m benchmarks.scoring --images 100`." in section(tmp_path / "score.json")


def test_table() -> None:
    """A row for each size and number of workers; the gain is that of runs of the same round."""
    runs = [
        RUN,
        replace(RUN, workers=2, images_per_s=1500.0),
        replace(RUN, round=1, images_per_s=2000.0),
        replace(RUN, round=1, workers=2, images_per_s=4000.0),
    ]

    lines = render(runs).splitlines()

    assert (
        lines[2]
        == "| 100 | 1 | 1,500 (1,000 to 2,000) | 10.0 (10.0 to 10.0) | 500 (500 to 500) | 900 (900 to 900) |"
    )
    assert (
        lines[-1] == "Two workers are 1.75 (1.50 to 2.00) times as fast as one, by the same round."
    )


def test_images(tmp_path: Path) -> None:
    """So many pictures are written."""
    write_images(tmp_path / "in", 3)

    assert len(list(tmp_path.rglob("*.png"))) == 3


@pytest.fixture(scope="module")
def by_size() -> dict[tuple[int, int], list[Run]]:
    """The published runs, by images and workers."""
    runs = read_runs()
    keys = {(run.images, run.workers) for run in runs}
    return {key: [run for run in runs if (run.images, run.workers) == key] for key in keys}


class TestPublished:
    """Of the figures in docs/scale.md."""

    def test_two_workers(self, by_size: dict[tuple[int, int], list[Run]]) -> None:
        """Two are at least 1.4 times as fast as one, with the same CPU time a picture but for a tenth."""
        few = min(images for images, _ in by_size)
        one, two = by_size[few, 1], by_size[few, 2]

        assert _median("images_per_s", two) >= 1.4 * _median("images_per_s", one)
        assert _median("cpu_us", two) == pytest.approx(_median("cpu_us", one), rel=0.1)

    def test_memory(self, by_size: dict[tuple[int, int], list[Run]]) -> None:
        """Ten times as many pictures, and more, take a tenth more of memory at most."""
        few, many = (chosen(images for images, _ in by_size) for chosen in (min, max))

        assert many >= 10 * few
        assert _median("peak_mib", by_size[many, 2]) <= 1.1 * _median("peak_mib", by_size[few, 2])


def _median(name: str, runs: list[Run]) -> float:
    """Return the median of a figure."""
    values: list[float] = [getattr(run, name) for run in runs]
    return statistics.median(values)
