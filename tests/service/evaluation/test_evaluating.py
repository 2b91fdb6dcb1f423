"""Labelled digits to scores."""

import numpy as np
import pytest

from service.bundle import LabelledDigits
from service.errors import DecodingTimeError, LabelledDataError
from service.evaluation.evaluating import EvaluationLimits, evaluate, evaluate_files
from service.intake.decoding_time import DecoderWatch, DecodingTime
from service.settings import Settings
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, load_model
from tests.service.labelled_data.files import make_npz, make_zip

LIMITS: EvaluationLimits = Settings().evaluation_limits


def _ignore(_done: int, _total: int) -> None:
    """Take progress and do nothing."""


class TestEvaluate:
    """`evaluate`."""

    def test_progress(self) -> None:
        """Progress is told after every hundred digits, and at the end."""
        told: list[tuple[int, int]] = []
        digits = LabelledDigits(np.zeros((250, 28, 28), np.uint8), np.full(250, 7, np.uint8))

        evaluation = evaluate(
            load_model(FakeEngine()), digits, lambda done, total: told.append((done, total))
        )

        assert told == [(100, 250), (200, 250), (250, 250)]
        assert evaluation.scores.accuracy == 1


class TestEvaluateFiles:
    """`evaluate_files`."""

    def test_arrays(self) -> None:
        """Arrays of any size are found and centred as pictures are."""
        images = np.stack([np.asarray(draw()), np.asarray(draw(ink=255, paper=0))])

        evaluation = evaluate_files(
            load_model(FakeEngine()), [make_npz(images=images, labels=[7, 1])], LIMITS, _ignore
        )

        assert (evaluation.scores.n, evaluation.scores.accuracy) == (2, 0.5)
        assert evaluation.digits.images.shape == (2, 28, 28)

    def test_bad_picture_is_left_out(self) -> None:
        """A picture that cannot be used is named, and spoils no other."""
        upload = make_zip({"7/a.png": b"no picture", "7/b.png": encode(draw())})

        evaluation = evaluate_files(load_model(FakeEngine()), [upload], LIMITS, _ignore)

        assert evaluation.scores.n == 1
        assert [entry.name for entry in evaluation.rejected] == ["7/a.png"]

    def test_too_long(self) -> None:
        """Where the time for decoding is over, nothing is scored, and the error says so."""
        images = np.stack([np.asarray(draw())] * 2)
        upload, decoding_time = (
            make_npz(images=images, labels=[7, 7]),
            DecodingTime(DecoderWatch(0)),
        )

        with pytest.raises(DecodingTimeError):
            evaluate_files(
                load_model(FakeEngine()), [upload], LIMITS, _ignore, decoding_time=decoding_time
            )

    def test_none_can_be_used(self) -> None:
        """If all are unusable, the error says how many and why the first."""
        upload = make_zip({"7/a.png": b"no picture", "7/b.png": b"nor this"})

        with pytest.raises(
            LabelledDataError,
            match=r"None of the 2 images can be used\. The first, 7/a\.png: The up",
        ):
            evaluate_files(load_model(FakeEngine()), [upload], LIMITS, _ignore)
