"""What is counted of requests of other protocols."""

import pytest

from service.telemetry.inference_statistics import Duration, InferenceStatistics, Part

MS = 1_000_000  # nanoseconds


class TestTiming:
    """`InferenceStatistics.timing`."""

    def test_answered(self) -> None:
        """Images and requests are counted for the version that answered, and the time that they took."""
        statistics = InferenceStatistics()

        for num_images in (1, 3):
            with statistics.timing("digits", "1", num_images) as parts:
                parts.append(Part(0.0, 0.0, 0.001, num_images))

        counts = statistics.by_version["digits", "1"]
        assert (counts.num_images, counts.success.count, counts.fail) == (4, 2, Duration())
        assert counts.success.ns > 0
        assert counts.last_ms > 1_700_000_000_000
        assert statistics.by_version["digits", "2"].success.count == 0

    def test_steps(self) -> None:
        """A request waits until its first part begins; the other steps of its parts are added up."""
        statistics = InferenceStatistics()

        with statistics.timing("digits", "1", 24) as parts:
            parts += [Part(0.004, 0.002, 0.003, 16), Part(0.001, 0.002, 0.005, 8)]

        counts = statistics.by_version["digits", "1"]
        assert counts.queue == Duration(1, 1 * MS)
        assert counts.compute_input == Duration(1, 4 * MS)
        assert counts.compute_infer == Duration(1, 8 * MS)
        assert counts.by_batch_size == {16: Duration(1, 3 * MS), 8: Duration(1, 5 * MS)}

    def test_shared_batch(self) -> None:
        """A call of the engine that counts for another request is none of this one's, its time is."""
        statistics = InferenceStatistics()

        with statistics.timing("digits", "1", 1) as parts:
            parts.append(Part(0.0, 0.0, 0.002, 0))

        counts = statistics.by_version["digits", "1"]
        assert counts.compute_infer == Duration(1, 2 * MS)
        assert counts.by_batch_size == {}

    def test_failed(self) -> None:
        """A request that fails is counted as that alone, and its failure goes on."""
        statistics = InferenceStatistics()

        with pytest.raises(ValueError, match="broken"), statistics.timing("digits", "1", 5):
            raise ValueError("broken")

        counts = statistics.by_version["digits", "1"]
        assert (counts.num_images, counts.success.count, counts.fail.count) == (0, 0, 1)
        assert counts.fail.ns > 0
        assert counts.queue == Duration()
