"""`POST /evaluate` of a real service, over both engines."""

import gzip
import io
import json
import zipfile

import httpx
import numpy as np
import pytest

from service.bundle import Bundle, LabelledDigits
from service.preprocessing import PREPROCESSING_VERSION
from tests.integration.conftest import ROOT
from tests.pictures import draw, encode

pytestmark = pytest.mark.integration

BUNDLE = ROOT / "models" / "digits" / "1"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """The embedded bundle."""
    return Bundle.read(BUNDLE, preprocessing_version=PREPROCESSING_VERSION)


@pytest.fixture(scope="module")
def digits(bundle: Bundle) -> LabelledDigits:
    """Fifty validation digits."""
    whole = bundle.validation_set()
    return LabelledDigits(whole.images[:50], whole.labels[:50])


def test_own_set(client: httpx.Client, bundle: Bundle) -> None:
    """Without a body the answer is the manifest's accuracy exactly, over all 10,000 digits."""
    answer = client.post("/evaluate").json()

    assert answer["n"] == 10_000
    assert answer["accuracy"] == bundle.manifest.metrics.test.accuracy
    assert answer["loss"] == pytest.approx(bundle.manifest.metrics.test.loss, abs=1e-4)
    assert sum(map(sum, answer["confusion_matrix"])) == 10_000


def test_npz(client: httpx.Client, digits: LabelledDigits) -> None:
    """An npz of images and labels is scored."""
    buffer = io.BytesIO()
    np.savez(buffer, images=digits.images, labels=digits.labels)

    answer = client.post("/evaluate", content=buffer.getvalue()).json()

    assert answer["n"] == 50
    assert answer["accuracy"] >= 0.9


def test_idx_pair(client: httpx.Client, digits: LabelledDigits) -> None:
    """An IDX pair is scored, gzipped or not, in any order."""
    images = np.array([0x803, 50, 28, 28], ">u4").tobytes() + digits.images.tobytes()
    labels = np.array([0x801, 50], ">u4").tobytes() + digits.labels.tobytes()

    answer = client.post("/evaluate", files={"labels": labels, "file": gzip.compress(images)})

    assert answer.json()["n"] == 50


def test_zip_with_a_bad_picture(client: httpx.Client) -> None:
    """A picture that cannot be read is reported, and spoils no other."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("7/good.png", encode(draw()))
        archive.writestr("7/bad.png", b"not a picture")

    answer = client.post("/evaluate", files={"file": buffer.getvalue()}).json()

    assert (answer["n"], answer["accuracy"]) == (1, 1.0)
    assert [entry["name"] for entry in answer["rejected"]] == ["7/bad.png"]


def test_stream(client: httpx.Client) -> None:
    """An event stream tells progress and ends with the result."""
    with client.stream("POST", "/evaluate", headers={"accept": "text/event-stream"}) as answer:
        events = answer.read().decode().strip().split("\n\n")

    assert events[0].startswith("event: progress\ndata: ")
    name, data = events[-1].split("\n")
    assert name == "event: result"
    assert json.loads(data.removeprefix("data: "))["n"] == 10_000


def test_bad_data(client: httpx.Client) -> None:
    """Bytes that are no labelled data are refused with a problem document."""
    answer = client.post("/evaluate", content=b"no such thing")

    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"


def test_bad_data_in_a_stream(client: httpx.Client) -> None:
    """A stream ends with the problem."""
    headers = {"accept": "text/event-stream"}

    answer = client.post("/evaluate", content=b"no such thing", headers=headers)

    assert answer.text.startswith(
        'event: error\ndata: {"type": "urn:problem-type:digitserve:unsupported-media"'
    )
