"""A network of someone's own, from its file to answers: imported by the command, served, asked."""

import base64
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import keras
import numpy as np
import pytest
from keras import layers

from tests.pictures import draw, encode
from tests.training.conftest import ROOT
from training.commands import main
from training.data import Mnist, split
from training.feeding import normalise
from training.recipes import INPUT_SHAPE

pytestmark = [pytest.mark.tensorflow, pytest.mark.integration]

PICTURE = encode(draw())
START_TIMEOUT_S = 60


def train_small(digits: Mnist) -> Any:
    """Train a network of the chapter's shape that is small: float [N, 28, 28, 1] in, ten probabilities out."""
    keras.utils.set_random_seed(2)
    network = keras.Sequential(
        [
            keras.Input(INPUT_SHAPE),
            layers.Conv2D(8, (5, 5), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
    _, validation = split(digits)
    pixels = normalise(validation.images)
    network.fit(pixels, validation.labels, batch_size=50, epochs=6, verbose=0)
    return network


@contextmanager
def serving(models: Path, log: Path) -> Iterator[httpx.Client]:
    """Run `digitserve serve` on a folder of bundles, and give a client for it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "service", "serve", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--models-dir", str(models)],
            cwd=ROOT,
            env={**os.environ, "DIGITSERVE_MODEL": "theirs"},
            stdout=output,
            stderr=output,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            deadline = time.monotonic() + START_TIMEOUT_S
            while not _is_ready(client):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
            yield client
    finally:
        process.terminate()
        process.wait(30)


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/health/ready").is_success
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("name", ["theirs.keras", "theirs"])
def test_import_serve_ask(
    name: str,
    digits: Mnist,
    few_digits: Mnist,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A Keras file and a SavedModel are imported, served, and answer every protocol as the network does."""
    network = train_small(digits)
    path, models = tmp_path / name, tmp_path / "models"
    network.save(path) if path.suffix else network.export(path, verbose=False)
    monkeypatch.setattr("training.commands.load_mnist", lambda: few_digits)

    code = main(
        ["import", str(path), "--name", "theirs", "--version", "3", "--models", str(models)]
    )

    assert code == 0
    assert "Exported" in capsys.readouterr().out
    images = few_digits.test_images[:20]
    expected = network.predict(normalise(images), verbose=0)
    picture = {"instances": [{"b64": base64.b64encode(PICTURE).decode()}]}
    with serving(models, tmp_path / "log") as client:
        native = client.post("/predict", content=PICTURE).json()
        row = client.post("/v1/models/theirs:predict", json=picture).json()
        rows = client.post("/v1/models/theirs:predict", json={"instances": images.tolist()}).json()
    assert native["model"] == {"name": "theirs", "version": "3"}
    np.testing.assert_allclose(row["predictions"], [native["probabilities"]], atol=1e-5)
    np.testing.assert_allclose(rows["predictions"], expected, atol=1e-4)


def test_refused(
    tmp_path: Path,
    few_digits: Mnist,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A file that is no network ends the command with code 1 and a sentence, and no bundle."""
    monkeypatch.setattr("training.commands.load_mnist", lambda: few_digits)
    (tmp_path / "theirs.keras").write_bytes(b"no zip")

    code = main(["import", str(tmp_path / "theirs.keras"), "--models", str(tmp_path / "models")])

    assert code == 1
    assert "is no Keras file" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()
