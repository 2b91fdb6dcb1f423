"""Clients that others have written, unmodified, against a running service.

Their tests lie in `foreign/` and run in `.venv/protocols`, which `make test` prepares.
"""

import io
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.integration.conftest import ROOT, running_service
from tests.pictures import draw, encode, photo

PYTHON = ROOT / ".venv/protocols/bin/python"
KEY = "a-key-of-some-length"
NUM_DIGITS = 20

pytestmark = pytest.mark.integration


def as_png(digit: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> bytes:
    """Write a digit as a picture that passes preprocessing untouched."""
    buffer = io.BytesIO()
    Image.fromarray(digit).save(buffer, "PNG")
    return buffer.getvalue()


def native(client: httpx.Client, uploads: list[bytes]) -> list[list[float]]:
    """Return what `/predict` says of uploads."""
    answers = [client.post("/predict", content=upload).json() for upload in uploads]
    return [answer["probabilities"] for answer in answers]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with images, the answers that are due, and where two services are."""
    folder, logs, keyed_logs = (tmp_path_factory.mktemp(name) for name in ("case", "log", "log"))
    digits = np.load(ROOT / "models/digits/1/assets.extra/validation.npz")["images"][:NUM_DIGITS]
    pictures = [encode(draw()), encode(photo(), "JPEG"), encode(photo(size=(1200, 900)))]
    np.save(folder / "digits.npy", digits)
    for number, picture in enumerate(pictures):
        (folder / f"picture-{number}").write_bytes(picture)
    # Room for several hundred requests at once: by default some of them would be sent away.
    with (
        running_service(logs, MAX_WAITING="512") as client,
        running_service(keyed_logs, API_KEYS=KEY) as keyed,
    ):
        told = {
            "url": str(client.base_url).rstrip("/"),
            "keyed_url": str(keyed.base_url).rstrip("/"),
            "key": KEY,
            "probabilities": native(client, [as_png(digit) for digit in digits]),
            "picture_probabilities": native(client, pictures),
        }
        (folder / "case.json").write_text(json.dumps(told))
        yield folder


@pytest.mark.parametrize("name", ["tritonclient", "kserve"])
def test_client(name: str, case: Path) -> None:
    """A client gets the numbers of `/predict` by every form that it has, and errors that it reads."""
    assert PYTHON.exists(), "Their environment is not here: `make .venv/protocols/ready` makes it."
    tests = ROOT / "tests/clients/foreign"
    options = "-c", str(tests / "pytest.ini"), "--rootdir", str(tests), "-q"
    environment = {**os.environ, "DIGITSERVE_CASE": str(case), "PYTHONDONTWRITEBYTECODE": "1"}

    done = subprocess.run(
        [str(PYTHON), "-m", "pytest", *options, str(tests / f"test_{name}.py")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
