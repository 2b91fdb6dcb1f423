"""`POST /predict` of a real service, over both engines."""

import io
import time

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.hostile_files import png_bomb
from tests.pictures import draw, encode, photo

pytestmark = pytest.mark.integration

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


class TestAnswer:
    """What a good upload is answered with."""

    def test_contract(self, client: httpx.Client) -> None:
        """The answer has the fields of the contract, and no others."""
        answer = client.post("/predict", files={"file": encode(draw())}).json()

        assert list(answer) == [
            "class",
            "confidence",
            "probabilities",
            "status",
            "warnings",
            "model",
        ]
        assert answer["class"] == 7
        assert answer["status"] == "ok"
        assert answer["model"] == {"name": "digits", "version": "1"}
        assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-6)
        assert answer["confidence"] == max(answer["probabilities"])

    @pytest.mark.parametrize("file_format", FORMATS)
    def test_formats(self, client: httpx.Client, file_format: str) -> None:
        """Every format is recognised, as a raw body."""
        answer = client.post("/predict", content=encode(draw(), file_format)).json()

        assert answer["class"] == 7

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
    def test_modes(self, client: httpx.Client, mode: str) -> None:
        """Every pixel mode is recognised."""
        deep = Image.fromarray(np.asarray(draw()).astype(np.uint16) * 257)
        image = deep if mode == "I;16" else draw().convert(mode)

        answer = client.post("/predict", content=encode(image, "TIFF")).json()

        assert answer["class"] == 7

    def test_photo(self, client: httpx.Client) -> None:
        """A digit on unevenly lit paper is recognised on a JPEG of 600x400."""
        answer = client.post("/predict", files={"file": encode(photo(), "JPEG", quality=80)}).json()

        assert answer["class"] == 7
        assert answer["status"] == "ok"

    def test_detail(self, client: httpx.Client) -> None:
        """`?detail=true` adds the canonical digit, the ink box and the steps."""
        detail = client.post("/predict?detail=true", content=encode(draw())).json()["detail"]

        assert detail["canonical"].startswith("data:image/png;base64,")
        assert detail["steps"] == ["inverted", "cropped", "scaled", "shifted"]
        assert 70 <= detail["ink_box"]["left"] <= 95

    def test_named_model(self, client: httpx.Client) -> None:
        """`?model=` picks a bundle."""
        answer = client.post("/predict?model=textbook", content=encode(draw())).json()

        assert answer["model"] == {"name": "textbook", "version": "1"}

    def test_content_type_is_ignored(self, client: httpx.Client) -> None:
        """What it is, the bytes tell: curl --data-binary sends a form's content type."""
        headers = {"content-type": "application/x-www-form-urlencoded"}

        answer = client.post("/predict", content=encode(draw()), headers=headers)

        assert answer.json()["class"] == 7


class TestErrors:
    """Every bad upload gets its documented problem in under a second, and the service lives on."""

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            pytest.param(b"", 422, "empty-upload", id="empty"),
            pytest.param(b"hello, I am text\n", 415, "unsupported-media", id="text"),
            pytest.param(encode(draw())[:300], 422, "broken-image", id="truncated"),
            pytest.param(png_bomb(), 422, "image-too-large", id="bomb"),
            pytest.param(encode(Image.new("L", (280, 280), 255)), 422, "blank-image", id="blank"),
            pytest.param(b"\0" * 3_000_001, 413, "upload-too-large", id="too large"),
            pytest.param(b"--x\r\nnonsense", 422, "malformed-multipart", id="multipart"),
        ],
    )
    def test_bad_uploads(self, client: httpx.Client, body: bytes, status: int, code: str) -> None:
        """The problem names what is wrong, and leaks nothing."""
        answers, seconds = [], []
        for _ in range(3):
            started = time.monotonic()
            answers.append(client.post("/predict", content=body))
            seconds.append(time.monotonic() - started)

        assert min(seconds) < 1  # a busy machine may stand still once
        answer = answers[0]
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["type"] == f"urn:problem-type:digitserve:{code}"
        assert problem["status"] == status
        assert problem["instance"] == answer.headers["x-request-id"]
        assert "Traceback" not in problem["detail"]
        assert client.get("/health/live").status_code == 200

    def test_two_files(self, client: httpx.Client) -> None:
        """Two files in one form are refused, not guessed at."""
        file = ("a.png", io.BytesIO(encode(draw())))

        answer = client.post("/predict", files=[("file", file), ("other", file)])

        assert answer.json()["type"].endswith("too-many-files")

    def test_unknown_model(self, client: httpx.Client) -> None:
        """A model that is not served is a 404 that names those that are."""
        answer = client.post("/predict?model=cats", content=encode(draw()))

        assert answer.status_code == 404
        assert "digits, textbook" in answer.json()["detail"]

    @pytest.mark.parametrize(
        ("method", "path", "status"), [("GET", "/nothing", 404), ("GET", "/predict", 405)]
    )
    def test_routing(self, client: httpx.Client, method: str, path: str, status: int) -> None:
        """Unknown paths and wrong methods are problem documents too."""
        answer = client.request(method, path)

        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"

    def test_invalid_parameter(self, client: httpx.Client) -> None:
        """A wrong parameter is named without the validator's text."""
        answer = client.post("/predict?detail=perhaps", content=encode(draw()))

        assert answer.status_code == 422
        assert answer.json()["detail"].startswith("Missing or of a wrong type: detail.")
