"""`POST /predict/batch` of a real service, over both engines."""

import json

import httpx
import pytest
from PIL import Image

from service.bundle import Bundle
from service.preprocessing import PREPROCESSING_VERSION
from tests.integration.conftest import ROOT
from tests.pictures import encode, photo

pytestmark = pytest.mark.integration


def test_same_as_single_requests(client: httpx.Client) -> None:
    """A batch of a hundred, small and large and one bad, says what single requests say."""
    bundle = Bundle.read(ROOT / "models/digits/1", preprocessing_version=PREPROCESSING_VERSION)
    digits = [encode(Image.fromarray(digit)) for digit in bundle.validation_set().images[:98]]
    images = [*digits, b"no picture", encode(photo(), "JPEG")]

    answer = client.post(
        "/predict/batch",
        files=[("file", (f"{place}.png", each)) for place, each in enumerate(images)],
    )

    lines = [json.loads(line) for line in answer.text.splitlines()]
    singles = [client.post("/predict", content=image) for image in images]
    assert [line["index"] for line in lines] == list(range(100))
    assert [line["status_code"] for line in lines] == [single.status_code for single in singles]
    for line, single in zip(lines, singles, strict=True):
        if single.is_success:
            assert line["class"] == single.json()["class"]
            assert line["probabilities"] == pytest.approx(single.json()["probabilities"], abs=1e-4)
