"""Tests of the exported function: TensorFlow, `saved_model_cli` and LiteRT give Keras's numbers."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from service.bundle import LITERT_PROGRAM
from service.engines.litert import LiteRTEngine
from training.data import Mnist
from training.run import TrainedRun, predict
from training.serving_function import write_model

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def model(tiny_run: TrainedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny run's exported model."""
    path = tmp_path_factory.mktemp("exported") / "model"
    write_model(tiny_run.network, path)
    return path


@pytest.fixture(scope="module")
def expected(tiny_run: TrainedRun, few_digits: Mnist) -> npt.NDArray[np.float32]:
    """Keras's probabilities float32 [40, 10]."""
    return predict(tiny_run.network, few_digits.test_images)


class TestWriteModel:
    """Of `write_model`."""

    def test_signature_takes_raw_pixels(self, model: Path) -> None:
        """`images` uint8 [N, 28, 28] in, `probabilities` float32 [N, 10] out."""
        signature: Any = tf.saved_model.load(str(model)).signatures["serving_default"]

        arguments, keywords = signature.structured_input_signature
        images, probabilities = keywords["images"], signature.structured_outputs["probabilities"]
        assert arguments == ()
        assert list(keywords) == ["images"]
        assert (images.dtype, images.shape.as_list()) == (tf.uint8, [None, 28, 28])
        assert list(signature.structured_outputs) == ["probabilities"]
        assert (probabilities.dtype, probabilities.shape.as_list()) == (tf.float32, [None, 10])

    def test_tensorflow_gives_kerass_numbers(
        self, model: Path, few_digits: Mnist, expected: npt.NDArray[np.float32]
    ) -> None:
        """With the scaling inside the graph."""
        signature: Any = tf.saved_model.load(str(model)).signatures["serving_default"]

        found = signature(images=tf.constant(few_digits.test_images))["probabilities"]

        np.testing.assert_allclose(found, expected, atol=1e-5)

    def test_litert_gives_kerass_numbers(
        self, model: Path, few_digits: Mnist, expected: npt.NDArray[np.float32]
    ) -> None:
        """To 1e-4, as design and export ask."""
        found = LiteRTEngine(model / LITERT_PROGRAM).predict(few_digits.test_images)

        np.testing.assert_allclose(found, expected, atol=1e-4)

    def test_saved_model_cli_gives_kerass_numbers(
        self,
        model: Path,
        few_digits: Mnist,
        expected: npt.NDArray[np.float32],
        tmp_path: Path,
    ) -> None:
        """TensorFlow's own command line runs the model as it is."""
        np.save(tmp_path / "images.npy", few_digits.test_images)
        program = Path(sys.executable).with_name("saved_model_cli")
        command = f"{program} run --dir {model} --tag_set serve --signature_def serving_default"
        files = f"--inputs images={tmp_path}/images.npy --outdir {tmp_path}"

        subprocess.run(
            [*command.split(), *files.split()],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            check=True,
            capture_output=True,
        )

        np.testing.assert_allclose(np.load(tmp_path / "probabilities.npy"), expected, atol=1e-5)
