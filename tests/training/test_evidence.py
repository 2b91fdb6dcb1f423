"""Tests of the results of a recipe over several seeds."""

import json
from pathlib import Path

import pytest

from training.data import Mnist
from training.errors import ResultsError
from training.evidence import (
    RecipeResult,
    SeedResult,
    describe_machine,
    describe_versions,
    read_recipe_result,
    score_seed,
    write_recipe_result,
)
from training.recipes import Recipe
from training.run import TrainedRun

pytestmark = pytest.mark.tensorflow

SEEDS = [
    SeedResult(1, 0.97, test_accuracy=0.98, test_loss=0.25, seconds_per_epoch=2.0),
    SeedResult(2, 0.97, test_accuracy=0.99, test_loss=0.25, seconds_per_epoch=2.0),
    SeedResult(3, 0.97, test_accuracy=1.0, test_loss=0.25, seconds_per_epoch=2.0),
]


class TestRecipeResult:
    """Of `RecipeResult`."""

    def test_gives_mean_and_sample_deviation(self) -> None:
        """Of 0.98, 0.99 and 1: 0.99 and 0.01, with n - 1 in the denominator."""
        result = RecipeResult("tiny", "", 1, "", "", "", SEEDS)

        assert result.over_seeds(lambda seed: seed.test_accuracy) == pytest.approx((0.99, 0.01))


class TestScoreSeed:
    """Of `score_seed`."""

    def test_scores_the_whole_test_set(self, tiny_run: TrainedRun, few_digits: Mnist) -> None:
        """Of 40 digits a whole number is right; the validation accuracy is the last epoch's."""
        result = score_seed(tiny_run, few_digits)

        assert result.seed == 1
        assert (result.test_accuracy * 40) % 1 == pytest.approx(0)
        assert result.validation_accuracy == pytest.approx(tiny_run.history["val_accuracy"][-1])


class TestWriteRecipeResult:
    """Of `write_recipe_result` and `read_recipe_result`."""

    def test_what_was_written_is_read(self, tiny: Recipe, tmp_path: Path) -> None:
        """With size, command and seeds."""
        write_recipe_result(tiny, SEEDS, tmp_path)

        result = read_recipe_result(tmp_path / "results" / "tiny.json")
        assert result.parameters == 1042
        assert result.command == "python -m training reproduce --recipe tiny --seeds 3"
        assert result.seeds == SEEDS

    @pytest.mark.parametrize("document", [{}, [], {"seeds": [{"seed": 1}]}, {"seeds": []}])
    def test_other_files_are_refused(self, document: object, tmp_path: Path) -> None:
        """It says how to write them anew."""
        path = tmp_path / "tiny.json"
        path.write_text(json.dumps(document))

        with pytest.raises(ResultsError, match="python -m training reproduce --recipe tiny"):
            read_recipe_result(path)


class TestDescribe:
    """Of `describe_machine` and `describe_versions`."""

    def test_machine_names_processor_cores_and_system(self) -> None:
        """Three parts at least, which are not empty."""
        assert all(part.strip() for part in describe_machine().split(","))
        assert " cores, " in describe_machine()

    def test_versions_name_what_decides_over_the_numbers(self) -> None:
        """Python, TensorFlow, Keras, NumPy."""
        names = [part.split()[0] for part in describe_versions().split(", ")]

        assert names == ["Python", "tensorflow", "keras", "numpy"]
