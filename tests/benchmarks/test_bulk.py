"""Batches of many images, and their table."""

import json

import pytest

from benchmarks.bulk import NUM_IMAGES, BulkRun, Way, check_lines, make_batches, render
from benchmarks.errors import BenchmarkError
from service.batches import list_entries
from service.intake.uploads import split_files
from service.labelled_data import LabelledDataLimits

LIMITS = LabelledDataLimits(max_images=NUM_IMAGES, max_expanded_bytes=10**6, max_member_bytes=10**6)


def _answer(digits: list[int]) -> bytes:
    """Write lines as `/predict/batch` does."""
    return b"".join(json.dumps({"class": digit}).encode() + b"\n" for digit in digits)


@pytest.mark.parametrize("way", ["batch, zip", "batch, form"])
def test_batches_hold_every_image(way: Way) -> None:
    """The service takes as many images out of them as there are labels, in order."""
    batch = make_batches()[way]

    entries = list_entries(split_files(batch.body, max_parts=NUM_IMAGES), LIMITS)

    assert len(batch.labels) == NUM_IMAGES
    assert [entry.name for entry in entries] == [f"{index:03}.png" for index in range(NUM_IMAGES)]


class TestCheckLines:
    """`check_lines`."""

    def test_takes_a_few_mistakes(self) -> None:
        """The network is not right on every digit."""
        check_lines(_answer([7] * 19 + [1]), (7,) * 20)

    @pytest.mark.parametrize("digits", [[7] * 19, [7] * 18 + [1, 1]])
    def test_refuses_missing_and_wrong_answers(self, digits: list[int]) -> None:
        """The figures of a server that answers wrong mean nothing."""
        with pytest.raises(BenchmarkError, match="Of 20 images"):
            check_lines(_answer(digits), (7,) * 20)


def test_ratios_are_to_single_requests() -> None:
    """Of the same round, on one connection and on 16."""
    rates: dict[Way, float] = {
        "one by one": 500,
        "16 connections": 1000,
        "batch, zip": 2000,
        "batch, form": 2500,
    }

    page = render([BulkRun(0, way, rate, 400.0) for way, rate in rates.items()])

    assert "| batch, zip | 2,000 | 4.00 | 2.00 | 400 |" in page
    assert "| batch, form | 2,500 | 5.00 | 2.50 | 400 |" in page
