"""Random times."""

import numpy as np
import pytest

from benchmarks.simulation.draws import BLOCK, Exponential, Measured, stream

MEASURED = Measured((1.0, 2.0, 6.0))


def test_measured_times() -> None:
    """Half of the times lie on each side of the median, none beyond what was measured."""
    times = MEASURED.draw(np.random.default_rng(1), 100_000)

    assert np.min(times) >= 1
    assert np.max(times) <= 6
    assert np.mean(times <= 2) == pytest.approx(0.5, abs=0.01)
    assert np.mean(times) == pytest.approx(MEASURED.mean_s, rel=0.01)
    assert MEASURED.mean_s == pytest.approx((1.5 + 4) / 2)


def test_scaled_times() -> None:
    """Another mean leaves the form."""
    assert MEASURED.scale(5.5).quantiles_s == pytest.approx((2.0, 4.0, 12.0))


def test_stream_goes_on() -> None:
    """A stream does not end with its first block, nor repeat it."""
    draw_s = stream(Exponential(1.0), np.random.default_rng(1))

    times = [draw_s() for _ in range(2 * BLOCK)]

    assert times[:BLOCK] != times[BLOCK:]
