"""The table of the training, and what it is read from."""

import json

import pytest

from benchmarks.training_speed import LapRun, epochs_to, read_laps, render

LAP = LapRun(0, 48000, 24.0, 16.0, 0.98, 0.97)
LAPS = [
    LAP,
    LapRun(1, 48000, 24.0, 12.0, 0.991, 0.989),
    LapRun(2, 48000, 24.0, 16.0, 0.98, 0.9901),
]


@pytest.mark.parametrize(
    ("accuracies", "expected"), [([0.98, 0.99, 0.98], 2), ([0.98], None), ([], None)]
)
def test_epochs_to_the_accuracy(accuracies: list[float], expected: int | None) -> None:
    """The first that reaches it counts, whatever comes after."""
    assert epochs_to(accuracies) == expected


def test_laps_are_read_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A line of JSON is a run, and progress is printed."""
    costs = {"plain": {"wall_s": 24.0, "cpu_s": 40.0}, "ours": {"wall_s": 16.0, "cpu_s": 30.0}}
    line = json.dumps({"digits": 48000, **costs, "plain_accuracy": 0.98, "our_accuracy": 0.97})

    assert list(read_laps([line])) == [LAP]
    assert "epoch 1: 24.0 s plain, 16.0 s ours" in capsys.readouterr().out


def test_times_to_the_accuracy() -> None:
    """Plain Keras reached it after two epochs, ours after three; rates are of whole epochs."""
    page = render(LAPS)

    assert "| plain `model.fit` | 2,000 | 1.00 | 2 | 48.0 | 1.00 |" in page
    assert "| digitserve | 3,000 | 1.50 (1.50 to 2.00) | 3 | 44.0 | 0.92 |" in page


def test_accuracy_that_was_not_reached() -> None:
    """There is no time to it, and no ratio."""
    page = render([LAP])

    assert "| plain `model.fit` | 2,000 | 1.00 | - | - | - |" in page
    assert "| digitserve | 3,000 | 1.50 | - | - | - |" in page
