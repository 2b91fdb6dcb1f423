"""Tests of the bundle that an export writes, and of what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest

from service.bundle import Bundle
from service.engines.litert import LiteRTEngine
from service.inference.recognition import Model, novelty
from service.preprocessing import PREPROCESSING_VERSION
from tests.training.uploads_material import FED
from training.corpus import NOT_A_DIGIT
from training.data import Mnist, split
from training.errors import ExportError
from training.export import check_parity, export, verify
from training.run import TrainedRun
from training.serving_function import write_model
from training.upload_sets import validation_uploads

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def bundle(
    tiny_run: TrainedRun, few_digits: Mnist, tmp_path_factory: pytest.TempPathFactory
) -> Bundle:
    """The exported bundle of the tiny run, with a report of one file."""
    folder = tmp_path_factory.mktemp("export")
    report = folder / "report"
    report.mkdir()
    (report / "index.html").write_text("<h1>Report</h1>")
    return export(tiny_run, few_digits, folder / "models" / "digits" / "2", report=report)


class TestExport:
    """Of `export`."""

    def test_writes_the_files_of_the_contract(self, bundle: Bundle) -> None:
        """SavedModel, LiteRT program, both sets of digits, report and manifest."""
        files = {path.relative_to(bundle.path).as_posix() for path in bundle.path.rglob("*.*")}

        assert files >= {
            "saved_model.pb",
            "variables/variables.index",
            "assets.extra/manifest.json",
            "assets.extra/model.tflite",
            "assets.extra/evaluation.npz",
            "assets.extra/validation.npz",
            "assets.extra/report/index.html",
        }

    def test_the_service_accepts_it(self, bundle: Bundle) -> None:
        """Name, version, hashes and preprocessing are what the service expects."""
        read = Bundle.read(bundle.path, preprocessing_version=PREPROCESSING_VERSION)

        assert (read.manifest.name, read.manifest.version) == ("digits", "2")

    def test_the_manifest_says_where_it_comes_from(self, bundle: Bundle, few_digits: Mnist) -> None:
        """Recipe, seed, size and data."""
        manifest = bundle.manifest

        assert (manifest.recipe, manifest.seed, manifest.parameters) == ("tiny", 1, 1042)
        assert manifest.data == few_digits.md5
        assert set(manifest.libraries) == {
            "python",
            "tensorflow",
            "keras",
            "numpy",
            "ai-edge-litert",
        }

    def test_carries_the_digits_it_was_measured_on(self, bundle: Bundle, few_digits: Mnist) -> None:
        """All test digits, and the validation digits, with their labels."""
        _, validation = split(few_digits)

        for found, images, labels in (
            (bundle.evaluation_set(), few_digits.test_images, few_digits.test_labels),
            (bundle.validation_set(), validation.images, validation.labels),
        ):
            assert found.images.dtype == found.labels.dtype == np.dtype("uint8")
            np.testing.assert_array_equal(found.images, images)
            np.testing.assert_array_equal(found.labels, labels)

    def test_metrics_are_those_of_the_program(self, bundle: Bundle) -> None:
        """Counting again on the shipped digits gives the manifest's accuracy."""
        digits = bundle.evaluation_set()
        answers = LiteRTEngine(bundle.litert_program).predict(digits.images).argmax(axis=1)

        assert bundle.manifest.metrics.test.n == 40
        assert bundle.manifest.metrics.test.accuracy == np.mean(answers == digits.labels)

    def test_thresholds_are_quantiles_of_validation_confidence(self, bundle: Bundle) -> None:
        """0.5 % of the validation digits lie below the one, 0.1 % below the other."""
        answers = LiteRTEngine(bundle.litert_program).predict(bundle.validation_set().images)
        top, decision = answers.max(axis=1), bundle.manifest.decision

        assert decision.uncertain_below == pytest.approx(np.quantile(top, 0.005))
        assert decision.not_a_digit_below == pytest.approx(np.quantile(top, 0.001))

    def test_leaves_nothing_beside_the_bundle(self, bundle: Bundle) -> None:
        """The draft is gone."""
        assert list(bundle.path.parent.iterdir()) == [bundle.path]

    def test_refuses_a_place_that_is_taken(
        self, bundle: Bundle, tiny_run: TrainedRun, few_digits: Mnist
    ) -> None:
        """Unless told to replace."""
        with pytest.raises(ExportError, match=r"2 exists. Choose another version, or pass --repl"):
            export(tiny_run, few_digits, bundle.path)

    def test_replaces_when_told(
        self, tiny_run: TrainedRun, few_digits: Mnist, tmp_path: Path
    ) -> None:
        """What lay there is gone, and a whole bundle is there."""
        place = tmp_path / "digits" / "1"
        place.mkdir(parents=True)
        (place / "old.txt").write_text("old")

        export(tiny_run, few_digits, place, replace=True)

        assert not (place / "old.txt").exists()
        assert json.loads((place / "assets.extra/manifest.json").read_text())["version"] == "1"

    @pytest.mark.parametrize("place", ["digits/v1", "Digits/1", "digits/0", "digits/1.5"])
    def test_refuses_names_that_the_service_would_not_find(
        self, place: str, tiny_run: TrainedRun, few_digits: Mnist, tmp_path: Path
    ) -> None:
        """Small letters for the name, a whole number from 1 for the version."""
        with pytest.raises(ExportError, match="is no place for a bundle"):
            export(tiny_run, few_digits, tmp_path / place)

        assert list(tmp_path.iterdir()) == []


class TestExportOfUploads:
    """Of `export`, for a network that was trained on uploads."""

    @pytest.mark.usefixtures("small_uploads")
    def test_is_served_with_its_novelty(
        self, fed_run: TrainedRun, few_digits: Mnist, tmp_path: Path
    ) -> None:
        """The threshold is fitted on rendered digits: the one most novel of them is refused."""
        bundle = export(fed_run, few_digits, tmp_path / "digits" / "1")
        model = Model(bundle, LiteRTEngine(bundle.litert_program))
        uploads = validation_uploads(split(few_digits, FED.validation_share)[1])

        answers = model.engine.predict(uploads.images[uploads.labels != NOT_A_DIGIT])

        statuses = [model.judge(answer) for answer in answers.tolist()]
        refused = [at for at, status in enumerate(statuses) if status == "not_a_digit"]
        assert refused == [int(novelty(answers).argmax())]


class TestVerify:
    """Of `verify`."""

    def test_notices_another_function(
        self, tiny_run: TrainedRun, few_digits: Mnist, tmp_path: Path
    ) -> None:
        """An export that computes something else than the network is refused."""
        write_model(tiny_run.network, tmp_path / "model")
        others = np.full((40, 10), 0.1, np.float32)

        with pytest.raises(ExportError, match="engine tensorflow differs from the network by"):
            verify(tmp_path / "model", few_digits.test_images, others)

    def test_notices_that_it_does_not_load(self, few_digits: Mnist, tmp_path: Path) -> None:
        """A directory that is no model is refused with what the loader says."""
        with pytest.raises(ExportError, match="could not be loaded back"):
            verify(tmp_path, few_digits.test_images, np.zeros((40, 10), np.float32))


class TestCheckParity:
    """Of `check_parity`."""

    EXPECTED = np.full((1, 10), 0.1, np.float32)

    def test_passes_within_the_tolerance(self) -> None:
        """A difference of 5e-6 where 1e-5 is allowed."""
        check_parity("litert", self.EXPECTED + np.float32(5e-6), self.EXPECTED, 1e-5)

    def test_refuses_beyond_the_tolerance(self) -> None:
        """A difference of 2e-4 where 1e-4 is allowed, and says so."""
        with pytest.raises(ExportError, match=r"litert differs .* by 0.0002; at most 0.0001 is"):
            check_parity("litert", self.EXPECTED + np.float32(2e-4), self.EXPECTED, 1e-4)

    def test_refuses_what_is_no_number(self) -> None:
        """NaN differs from nothing, so it is looked for."""
        with pytest.raises(ExportError, match="gives probabilities that are not numbers"):
            check_parity("litert", self.EXPECTED * np.float32(np.nan), self.EXPECTED, 1e-4)
