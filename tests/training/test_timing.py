"""Tests of the comparison with plain Keras; of its arithmetic, since times are no test's matter."""

import json
from dataclasses import replace
from pathlib import Path

import keras
import pytest

from tests.training.uploads_material import FED
from training.data import Mnist
from training.errors import ResultsError, UnsuitableRecipeError
from training.recipes import Recipe
from training.timing import (
    EpochCost,
    EpochTimes,
    race,
    read_epoch_times,
    time_epochs,
    write_epoch_times,
)

pytestmark = pytest.mark.tensorflow

PLAIN = [EpochCost(4.0, 1.0), EpochCost(8.0, 1.0), EpochCost(5.0, 1.0)]
OURS = [EpochCost(2.0, 0.75), EpochCost(6.0, 0.75), EpochCost(2.0, 0.75)]
TIMES = EpochTimes("tiny", 60, PLAIN, OURS, "", "", "")


class TestEpochTimes:
    """Of `EpochTimes`."""

    def test_ratio_is_the_median_of_the_rounds(self) -> None:
        """Of 2/4, 6/8 and 2/5: a slow round of both counts as one round."""
        assert TIMES.ratio(lambda cost: cost.wall_s) == 0.5
        assert TIMES.ratio(lambda cost: cost.cpu_s) == 0.75


class TestTimeEpochs:
    """Of `time_epochs`."""

    def test_times_whole_epochs_of_both_kinds(self, tiny: Recipe, few_digits: Mnist) -> None:
        """As many as rounds, on the share of the digits."""
        times = time_epochs(tiny, few_digits, rounds=2, share=0.5)

        assert times.digits == 60
        assert len(times.plain) == len(times.ours) == 2
        assert all(cost.wall_s > 0 and cost.cpu_s > 0 for cost in times.plain + times.ours)
        assert times.command == "python -m training time --recipe tiny --rounds 2 --share 0.5"

    def test_refuses_what_plain_keras_cannot_train(self, few_digits: Mnist) -> None:
        """A recipe that is trained on uploads has nothing to be compared with."""
        with pytest.raises(UnsuitableRecipeError, match="'fed' is trained on uploads"):
            time_epochs(FED, few_digits, rounds=2, share=0.5)


class TestRace:
    """Of `race`."""

    def test_both_learn(self, tiny: Recipe, few_digits: Mnist) -> None:
        """Every lap has accuracies, and the networks go on from lap to lap."""
        keras.utils.set_random_seed(1)
        stepwise = replace(tiny, batch_size=1)  # 720 steps, of which it learns enough to be seen

        laps = list(race(stepwise, few_digits, rounds=6, share=1.0))

        assert [lap.digits for lap in laps] == [120] * 6
        for accuracies in zip(
            *((lap.plain_accuracy, lap.our_accuracy) for lap in laps), strict=True
        ):
            assert 0.2 < max(accuracies) <= 1  # by chance: 0.1
            assert min(accuracies) < max(accuracies)


class TestWriteEpochTimes:
    """Of `write_epoch_times` and `read_epoch_times`."""

    def test_what_was_written_is_read(self, tmp_path: Path) -> None:
        """The same figures."""
        write_epoch_times(TIMES, tmp_path)

        assert read_epoch_times(tmp_path / "results" / "timing" / "tiny.json") == TIMES

    @pytest.mark.parametrize("document", [{}, [], {"recipe": "tiny"}])
    def test_other_files_are_refused(self, document: object, tmp_path: Path) -> None:
        """It says how to write them anew."""
        path = tmp_path / "tiny.json"
        path.write_text(json.dumps(document))

        with pytest.raises(ResultsError, match="python -m training time --recipe tiny"):
            read_epoch_times(path)
