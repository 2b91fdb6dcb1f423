"""What is counted of requests of other protocols."""

import pytest

from service.inference_statistics import InferenceStatistics


class TestTiming:
    """`InferenceStatistics.timing`."""

    def test_answered(self) -> None:
        """Images and requests are counted for the version that answered, and the time that they took."""
        statistics = InferenceStatistics()

        for num_images in (1, 3):
            with statistics.timing("digits", "1", num_images):
                pass

        counts = statistics.by_version["digits", "1"]
        assert (counts.num_images, counts.num_answered, counts.num_failed) == (4, 2, 0)
        assert counts.answered_ns > 0
        assert counts.last_ms > 1_700_000_000_000
        assert statistics.by_version["digits", "2"].num_answered == 0

    def test_failed(self) -> None:
        """A request that fails is counted as that alone, and its failure goes on."""
        statistics = InferenceStatistics()

        with pytest.raises(ValueError, match="broken"), statistics.timing("digits", "1", 5):
            raise ValueError("broken")

        counts = statistics.by_version["digits", "1"]
        assert (counts.num_images, counts.num_answered, counts.num_failed) == (0, 0, 1)
        assert counts.failed_ns > 0
