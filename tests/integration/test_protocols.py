"""Other protocols against a real service: the numbers of `/predict`, whatever the form of the request."""

import asyncio
import base64
import io
import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.integration.conftest import ROOT
from tests.pictures import draw, encode, photo

pytestmark = pytest.mark.integration

INFER = "/v2/models/digits/infer"
PREDICT = "/v1/models/digits:predict"
CLASSIFY = "/v1/models/digits:classify"
TOLERANCE = 1e-5
UPLOADS = [encode(draw()), encode(photo(), "JPEG"), encode(photo(size=(1200, 900)))]
DIGITS = np.load(ROOT / "models/digits/1/assets.extra/validation.npz")["images"][:20]
RAW = {"inference-header-content-length": "0"}


def as_png(digit: Any) -> bytes:
    """Write a digit as a picture that passes preprocessing untouched."""
    buffer = io.BytesIO()
    Image.fromarray(digit).save(buffer, "PNG")
    return buffer.getvalue()


def native(client: httpx.Client, uploads: list[bytes]) -> list[list[float]]:
    """Return what `/predict` says of uploads."""
    answers = [client.post("/predict", content=upload).json() for upload in uploads]
    return [answer["probabilities"] for answer in answers]


def infer(client: httpx.Client, tensor: dict[str, Any]) -> Any:
    """Send one tensor, and return the probabilities float64 [N, 10]."""
    answer = client.post(INFER, json={"inputs": [tensor]})
    assert answer.status_code == 200, answer.text
    output = answer.json()["outputs"][0]
    return np.reshape(output["data"], output["shape"])


def from_binary(answer: httpx.Response) -> Any:
    """Return the probabilities of a binary answer, its first tensor."""
    length = int(answer.headers["inference-header-content-length"])
    output = json.loads(answer.content[:length])["outputs"][0]
    values = np.frombuffer(
        answer.content[length:][: output["parameters"]["binary_data_size"]], "<f4"
    )
    return values.reshape(output["shape"])


def saved_model_cli(verb: str, *options: str) -> str:
    """Run TensorFlow's command line on the bundle's signature, and return what it prints."""
    program = Path(sys.executable).with_name("saved_model_cli")
    which = "--dir", str(ROOT / "models/digits/1"), "--tag_set", "serve"
    command = [str(program), verb, *which, "--signature_def", "serving_default", *options]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


class TestOpenInference:
    """The Open Inference Protocol."""

    def test_digits(self, client: httpx.Client) -> None:
        """Canonical digits get the numbers of their pictures, as levels and as shares of ink."""
        expected = native(client, [as_png(digit) for digit in DIGITS])
        shape = [len(DIGITS), 28, 28]

        for datatype, values in (("UINT8", DIGITS), ("FP32", DIGITS / 255)):
            tensor = {"name": "images", "shape": shape, "datatype": datatype}
            found = infer(client, {**tensor, "data": values.ravel().tolist()})

            np.testing.assert_allclose(found, expected, atol=TOLERANCE)

    def test_pictures(self, client: httpx.Client) -> None:
        """Picture files get the numbers of the same uploads, in JSON, in bytes and raw."""
        expected = native(client, UPLOADS)
        tensor = {"name": "image", "shape": [len(UPLOADS)], "datatype": "BYTES"}
        data = [base64.b64encode(upload).decode() for upload in UPLOADS]
        tail = b"".join(struct.pack("<I", len(upload)) + upload for upload in UPLOADS)
        entry = {**tensor, "parameters": {"binary_data_size": len(tail)}}
        header = json.dumps({"inputs": [entry], "parameters": {"binary_data_output": True}})
        length = {"inference-header-content-length": str(len(header))}

        in_bytes = client.post(INFER, content=header.encode() + tail, headers=length)
        raw = client.post(INFER, content=UPLOADS[1], headers=RAW)

        np.testing.assert_allclose(infer(client, {**tensor, "data": data}), expected, atol=1e-5)
        np.testing.assert_allclose(from_binary(in_bytes), expected, atol=TOLERANCE)
        np.testing.assert_allclose(from_binary(raw), expected[1:2], atol=TOLERANCE)

    def test_many_at_once(self, client: httpx.Client) -> None:
        """Two hundred concurrent requests of one digit each get the numbers of one request of all."""
        tensor = {"name": "images", "datatype": "UINT8", "shape": [1, 28, 28]}
        everything = {**tensor, "shape": [20, 28, 28], "data": DIGITS.ravel().tolist()}
        expected = infer(client, everything)
        documents = [
            {"inputs": [{**tensor, "data": digit.ravel().tolist()}]} for digit in DIGITS
        ] * 10

        async def send_all() -> list[httpx.Response]:
            limits = httpx.Limits(max_connections=50)
            async with httpx.AsyncClient(
                base_url=client.base_url, timeout=60, limits=limits
            ) as sender:
                sent = [sender.post(INFER, json=document) for document in documents]
                return await asyncio.gather(*sent)

        found = [answer.json()["outputs"][0]["data"] for answer in asyncio.run(send_all())]

        np.testing.assert_allclose(found, np.tile(expected, (10, 1)), atol=TOLERANCE)


class TestTensorFlowServing:
    """TensorFlow Serving's REST API."""

    @pytest.mark.parametrize(
        ("key", "answered"), [("instances", "predictions"), ("inputs", "outputs")]
    )
    def test_digits(self, client: httpx.Client, key: str, answered: str) -> None:
        """Rows and columns of digits get the numbers of their pictures, as levels and as shares of ink."""
        expected = native(client, [as_png(digit) for digit in DIGITS])

        for values in (DIGITS, (DIGITS / 255)[..., np.newaxis]):
            answer = client.post(PREDICT, json={key: values.tolist()})

            np.testing.assert_allclose(answer.json()[answered], expected, atol=TOLERANCE)

    def test_pictures(self, client: httpx.Client) -> None:
        """Pictures get the numbers of the same uploads, predicted and classified."""
        expected = native(client, UPLOADS)
        pictures = [{"image": {"b64": base64.b64encode(upload).decode()}} for upload in UPLOADS]

        predicted = client.post(PREDICT, json={"instances": pictures}).json()["predictions"]
        results = client.post(CLASSIFY, json={"examples": pictures}).json()["results"]

        np.testing.assert_allclose(predicted, expected, atol=TOLERANCE)
        classified = [[share for _, share in result] for result in results]
        np.testing.assert_allclose(classified, expected, atol=TOLERANCE)

    @pytest.mark.tensorflow
    def test_saved_model(self, client: httpx.Client, tmp_path: Path) -> None:
        """TensorFlow's own command line reads the same signature and numbers from the bundle itself."""
        np.save(tmp_path / "images.npy", DIGITS)
        metadata = client.get("/v1/models/digits/metadata").json()["metadata"]
        signature = metadata["signature_def"]["signature_def"]["serving_default"]

        shown = saved_model_cli("show")
        saved_model_cli(
            "run", "--inputs", f"images={tmp_path}/images.npy", "--outdir", str(tmp_path)
        )

        for name, tensor in (
            ("images", signature["inputs"]),
            ("probabilities", signature["outputs"]),
        ):
            assert f"['{name}'] tensor_info:" in shown
            assert f"name: {tensor[name]['name']}\n" in shown
            assert f"dtype: {tensor[name]['dtype']}\n" in shown
            sizes = [size["size"] for size in tensor[name]["tensor_shape"]["dim"]]
            assert f"shape: ({', '.join(sizes)})\n" in shown
        answer = client.post(PREDICT, json={"instances": DIGITS.tolist()}).json()["predictions"]
        np.testing.assert_allclose(np.load(tmp_path / "probabilities.npy"), answer, atol=TOLERANCE)
