"""Export: a trained run to a bundle that the service loads without this package.

network -> SavedModel, LiteRT program, digits, report -> verified in a fresh process -> manifest -> rename

The bundle is written beside its place and renamed there at the end, so a place holds a whole bundle
or none.
"""

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

import service
from service.bundle import (
    EVALUATION_SET,
    LITERT_PROGRAM,
    MANIFEST,
    REPORT,
    VALIDATION_SET,
    Bundle,
    hash_files,
)
from service.evaluation.scoring import Scores
from service.manifest import Decision, Manifest, Metrics, SplitMetrics
from service.preprocessing import PREPROCESSING_VERSION
from training.calibration import fit_decision
from training.corpus import NOT_A_DIGIT
from training.data import Images, Mnist, split
from training.errors import ExportError
from training.evaluation import Evaluation, evaluate_program
from training.recipes import Recipe
from training.run import TrainedRun, predict
from training.serving_function import write_model
from training.upload_sets import validation_uploads

NUM_VALIDATION_DIGITS = 1_000  # shipped for tests and renderings
UNCERTAIN_SHARE = 0.005  # of validation digits that may be called uncertain or no digit
NOT_A_DIGIT_SHARE = 0.001  # of validation digits that may be called no digit
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")  # what the service looks for, as the next
VERSION = re.compile(r"[1-9][0-9]*")
TOLERANCE = {"tensorflow": 1e-5, "litert": 1e-4}  # largest difference of a probability
LIBRARIES = ("tensorflow", "keras", "numpy", "ai-edge-litert")


def export(
    run: TrainedRun, mnist: Mnist, place: Path, *, report: Path | None = None, replace: bool = False
) -> Bundle:
    """Write a run's bundle to `place`, `<models>/<name>/<version>`.

    Args:
        run: A finished run.
        mnist: The data that the run was trained on.
        place: Directory to make.
        report: Report to ship with the bundle, if there is one.
        replace: Whether a bundle that is there already gives way.

    Raises:
        ExportError: If the place is taken, or an engine computes something else than the network.
    """
    if not (NAME.fullmatch(place.parent.name) and VERSION.fullmatch(place.name)):
        raise ExportError(
            f"{place} is no place for a bundle: expected <name>/<version>, a name of small letters, "
            "digits and hyphens and a whole number from 1, such as digits/1."
        )
    if place.exists() and not replace:
        raise ExportError(f"{place} exists. Choose another version, or pass --replace.")
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".export-") as folder:
        draft = Path(folder) / place.parent.name / place.name
        draft.parent.mkdir()
        write_model(run.network, draft)
        _write_digits(draft, run.recipe, mnist)
        if report:
            shutil.copytree(report, draft / REPORT)
        verify(draft, mnist.test_images, predict(run.network, mnist.test_images))
        manifest = _describe(draft, run, mnist)
        (draft / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        if place.exists():
            place.rename(Path(folder) / "replaced")
        draft.rename(place)
    return Bundle.read(place, preprocessing_version=PREPROCESSING_VERSION)


def verify(bundle: Path, images: Images, expected: npt.NDArray[np.float32]) -> None:
    """Compare both engines with the network, in a fresh process that knows nothing of this package.

    Args:
        bundle: Directory of the SavedModel with its LiteRT program.
        images: uint8 [N, 28, 28] digits.
        expected: float32 [N, 10], the network's probabilities.

    Raises:
        ExportError: If a probability is not finite or differs by more than `TOLERANCE`.
    """
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "images.npy", images)
        command = [sys.executable, "-P", "-c", _LOAD_AND_PREDICT, str(bundle), folder]
        environment = {
            **os.environ,
            "PYTHONPATH": str(_service_root()),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        loaded = subprocess.run(  # noqa: S603 - our own interpreter and program
            command, env=environment, capture_output=True, text=True, check=False
        )
        if loaded.returncode:
            raise ExportError(f"The bundle could not be loaded back:\n{loaded.stderr}")
        for engine, tolerance in TOLERANCE.items():
            check_parity(engine, np.load(Path(folder) / f"{engine}.npy"), expected, tolerance)


def check_parity(
    engine: str,
    found: npt.NDArray[np.float32],
    expected: npt.NDArray[np.float32],
    tolerance: float,
) -> None:
    """Check that an engine's probabilities are finite and those of the network.

    Args:
        engine: Its name, for the message.
        found: float32 [N, 10], the engine's probabilities.
        expected: float32 [N, 10], the network's.
        tolerance: Largest difference of two probabilities.

    Raises:
        ExportError: If they are not.
    """
    if not np.isfinite(found).all():
        raise ExportError(f"The engine {engine} gives probabilities that are not numbers.")
    difference = float(np.abs(found - expected).max())
    if difference > tolerance:
        raise ExportError(
            f"The engine {engine} differs from the network by {difference:.2g}; "
            f"at most {tolerance:g} is allowed."
        )


_LOAD_AND_PREDICT = """
import sys
from pathlib import Path
import numpy as np
from service.bundle import LITERT_PROGRAM
from service.engines.litert import LiteRTEngine
from service.engines.saved_model import SavedModelEngine
bundle, folder = Path(sys.argv[1]), Path(sys.argv[2])
images = np.load(folder / "images.npy")
np.save(folder / "litert.npy", LiteRTEngine(bundle / LITERT_PROGRAM).predict(images))
np.save(folder / "tensorflow.npy", SavedModelEngine(bundle).predict(images))
assert "training" not in sys.modules
"""


def _service_root() -> Path:
    """Return the folder that holds the package `service`."""
    return Path(str(service.__file__)).parents[1]


def _write_digits(draft: Path, recipe: Recipe, mnist: Mnist) -> None:
    """Write the evaluation set and the last validation digits, which no recipe trains on."""
    _, validation = split(mnist, recipe.validation_share)
    for name, images, labels in (
        (EVALUATION_SET, mnist.test_images, mnist.test_labels),
        (
            VALIDATION_SET,
            validation.images[-NUM_VALIDATION_DIGITS:],
            validation.labels[-NUM_VALIDATION_DIGITS:],
        ),
    ):
        np.savez_compressed(draft / name, images=images, labels=labels)


def _describe(draft: Path, run: TrainedRun, mnist: Mnist) -> Manifest:
    """Score the exported program and write down what the bundle is; its directory is its name."""
    evaluation = evaluate_program(draft / LITERT_PROGRAM, run.recipe, mnist)
    versions = {library: importlib.metadata.version(library) for library in LIBRARIES}
    return Manifest(
        name=draft.parent.name,
        version=draft.name,
        recipe=run.state.recipe,
        seed=run.state.seed,
        parameters=run.network.count_params(),
        preprocessing_version=PREPROCESSING_VERSION,
        decision=_decide(run, mnist, evaluation),
        metrics=Metrics(validation=_metrics(evaluation.validation), test=_metrics(evaluation.test)),
        data=dict(mnist.md5),
        libraries={"python": platform.python_version(), **versions},
        created_at=datetime.now(UTC).replace(microsecond=0),
        files=hash_files(draft),
    )


def _decide(run: TrainedRun, mnist: Mnist, evaluation: Evaluation) -> Decision:
    """Fit the thresholds: on rendered uploads, or on plain digits for a network that knows only those."""
    if run.recipe.diet:
        _, validation = split(mnist, run.recipe.validation_share)
        uploads = validation_uploads(validation)
        digits = uploads.images[uploads.labels != NOT_A_DIGIT]
        return fit_decision(predict(run.network, digits))
    top = evaluation.validation_probabilities.max(axis=1)
    return Decision(
        uncertain_below=float(np.quantile(top, UNCERTAIN_SHARE)),
        not_a_digit_below=float(np.quantile(top, NOT_A_DIGIT_SHARE)),
        novel_above=1.0,
    )


def _metrics(scores: Scores) -> SplitMetrics:
    """Keep of the scores what the manifest says."""
    return SplitMetrics(n=scores.n, accuracy=scores.accuracy, loss=scores.loss)
