"""Scores of a trained run: the exported function on all digits, by the code behind `/evaluate`.

run -> serving function -> LiteRT -> probabilities -> service.evaluation.scoring -> Evaluation
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from service.bundle import LITERT_PROGRAM
from service.engines.litert import LiteRTEngine
from service.evaluation.scoring import Scores, score
from training.data import Mnist, split
from training.recipes import Recipe
from training.run import TrainedRun
from training.serving_function import write_model


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What the exported function answers to the validation and the test digits.

    Attributes:
        validation: Scores on the training digits that the recipe held out.
        validation_probabilities: float32 [N, 10] answers to them.
        test: Scores on all test digits.
        test_probabilities: float32 [N, 10] answers to them.
    """

    validation: Scores
    validation_probabilities: npt.NDArray[np.float32]
    test: Scores
    test_probabilities: npt.NDArray[np.float32]


def evaluate_program(program: Path, recipe: Recipe, mnist: Mnist) -> Evaluation:
    """Score a LiteRT program on all that its recipe validates on, and on the whole test set."""
    engine = LiteRTEngine(program)
    _, validation = split(mnist, recipe.validation_share)
    answers = engine.predict(validation.images)
    test_answers = engine.predict(mnist.test_images)
    return Evaluation(
        validation=score(validation.labels, answers),
        validation_probabilities=answers,
        test=score(mnist.test_labels, test_answers),
        test_probabilities=test_answers,
    )


def evaluate_run(run: TrainedRun, mnist: Mnist) -> Evaluation:
    """Score the function that a finished run would export."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        write_model(run.network, model)
        return evaluate_program(model / LITERT_PROGRAM, run.recipe, mnist)
