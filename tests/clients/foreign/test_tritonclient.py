"""Triton's client, as it comes from the package index."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np
import pytest
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException

from .conftest import TOLERANCE, Case

NUM_REQUESTS = 300
CODINGS = [None, "gzip", "deflate"]


class AsyncioClient:
    """The client for asyncio, each of whose calls is waited for, so that the same tests ask with both."""

    def __init__(self, url: str, **_: Any) -> None:
        self._runner = asyncio.Runner()
        self._client = self._runner.run(self._make(url))

    async def _make(self, url: str) -> Any:
        return triton_aio.InferenceServerClient(url)  # which wants a loop that runs

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return a method that waits."""
        method = getattr(self._client, name)
        return lambda *values, **options: self._runner.run(method(*values, **options))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._client.close())
        self._runner.close()


CLIENTS = {"blocking": triton.InferenceServerClient, "asyncio": AsyncioClient}


@pytest.fixture(params=CLIENTS)
def kind(request: pytest.FixtureRequest) -> Any:
    """Each kind of client in turn."""
    return CLIENTS[request.param]


@pytest.fixture
def client(case: Case, kind: Any) -> Iterator[Any]:
    """A client of the service without keys."""
    with kind(host(case.url)) as client:
        yield client


def host(url: str) -> str:
    """Return an address as this client takes it."""
    return url.removeprefix("http://")


def digits_input(digits: Any, datatype: str, *, is_binary: bool) -> Any:
    """Return an input of canonical digits, as levels or as shares of ink in [N, 28, 28, 1]."""
    values = digits if datatype == "UINT8" else (digits / 255).astype(np.float32)[..., np.newaxis]
    tensor = triton.InferInput("images", list(values.shape), datatype)
    tensor.set_data_from_numpy(values, binary_data=is_binary)
    return tensor


def pictures_input(files: list[Any], *, is_binary: bool) -> Any:
    """Return an input of files: bytes, or in JSON base64."""
    tensor = triton.InferInput("image", [len(files)], "BYTES")
    tensor.set_data_from_numpy(np.array(files, object), binary_data=is_binary)
    return tensor


class TestServer:
    """What the client asks of the server and its models."""

    def test_health(self, client: Any) -> None:
        """The server is live and ready, and so is the model, by name and by version."""
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("digits")
        assert client.is_model_ready("digits", "1")
        assert not client.is_model_ready("half")

    def test_metadata(self, client: Any) -> None:
        """Metadata, configuration and index are read."""
        assert client.get_server_metadata()["name"] == "digitserve"
        assert client.get_model_metadata("digits")["outputs"][0]["name"] == "probabilities"
        assert client.get_model_config("digits")["max_batch_size"] > 1
        index = client.get_model_repository_index()
        assert {"digits", "textbook"} == {entry["name"] for entry in index}

    def test_statistics(self, case: Case, client: Any) -> None:
        """Statistics count the images of a request."""
        tensor = digits_input(case.digits, "UINT8", is_binary=True)

        counts = []
        for _ in range(2):
            client.infer("digits", [tensor])
            (entry,) = client.get_inference_statistics("digits")["model_stats"]
            counts.append(entry["inference_count"])

        assert counts[1] - counts[0] == len(case.digits)
        assert entry["execution_count"] == sum(
            each["compute_infer"]["count"] for each in entry["batch_stats"]
        )
        assert entry["inference_stats"]["compute_infer"]["ns"] > 0

    def test_load_and_unload(self, client: Any) -> None:
        """The newest version is loaded already; there is none before it to unload to."""
        client.load_model("digits")
        with pytest.raises(InferenceServerException) as caught:
            client.unload_model("digits")

        assert caught.value.status() == "409"


class TestDigits:
    """Canonical digits."""

    @pytest.mark.parametrize("coding", CODINGS)
    @pytest.mark.parametrize("is_binary", [True, False])
    @pytest.mark.parametrize("datatype", ["UINT8", "FP32"])
    def test_every_encoding(
        self, case: Case, client: Any, datatype: str, is_binary: bool, coding: str | None
    ) -> None:
        """Types, encodings and compression give the numbers of `/predict`."""
        tensor = digits_input(case.digits, datatype, is_binary=is_binary)
        wishes = [
            triton.InferRequestedOutput(name, binary_data=is_binary)
            for name in ("probabilities", "class", "status")
        ]

        answer = client.infer(
            "digits",
            [tensor],
            outputs=wishes,
            request_id="mine",
            request_compression_algorithm=coding,
            response_compression_algorithm=coding,
        )

        case.check(answer.as_numpy("probabilities"))
        assert answer.as_numpy("class").tolist() == case.classes
        assert set(answer.as_numpy("status").tolist()) <= {b"ok", b"uncertain", "ok", "uncertain"}
        assert answer.get_response()["id"] == "mine"

    def test_default_outputs(self, case: Case, client: Any) -> None:
        """Without a wish the client asks for everything in binary, and gets it."""
        tensor = digits_input(case.digits, "UINT8", is_binary=True)

        answer = client.infer("digits", [tensor], model_version="1")

        case.check(answer.as_numpy("probabilities"))
        assert answer.as_numpy("class").tolist() == case.classes

    def test_classification(self, case: Case, client: Any) -> None:
        """The classification extension gives texts of value, index and label."""
        tensor = digits_input(case.digits, "UINT8", is_binary=True)
        wish = triton.InferRequestedOutput("probabilities", class_count=3)

        texts = client.infer("digits", [tensor], outputs=[wish]).as_numpy("probabilities")

        assert texts.shape == (len(case.digits), 3)
        assert [int(text.split(b":")[1]) for text in texts[:, 0]] == case.classes


class TestPictures:
    """Picture files."""

    def test_binary(self, case: Case, client: Any) -> None:
        """Bytes of files are read like uploads."""
        tensor = pictures_input(case.pictures, is_binary=True)

        answer = client.infer("digits", [tensor])

        case.check_pictures(answer.as_numpy("probabilities"))

    def test_json(self, case: Case, client: Any) -> None:
        """In JSON they are base64."""
        import base64

        texts = [base64.b64encode(file).decode() for file in case.pictures]

        answer = client.infer("digits", [pictures_input(texts, is_binary=False)])

        case.check_pictures(answer.as_numpy("probabilities"))


class TestErrors:
    """What is wrong is an exception with our words and the client's status."""

    @pytest.mark.parametrize(
        ("model", "version", "status"), [("half", "", "404"), ("digits", "7", "404")]
    )
    def test_unknown(self, case: Case, client: Any, model: str, version: str, status: str) -> None:
        """An unknown model or version."""
        tensor = digits_input(case.digits, "UINT8", is_binary=True)

        with pytest.raises(InferenceServerException) as caught:
            client.infer(model, [tensor], model_version=version)

        assert caught.value.status() == status

    @pytest.mark.parametrize(
        ("name", "datatype", "shape"),
        [
            ("x", "UINT8", (1, 28, 28)),
            ("images", "UINT8", (1, 27, 28)),
            ("images", "UINT8", (1, 28, 28, 3)),
            ("images", "INT64", (1, 28, 28)),
            ("image", "UINT8", (1, 28, 28)),
        ],
    )
    @pytest.mark.parametrize("is_binary", [True, False])
    def test_wrong_inputs(
        self, client: Any, name: str, datatype: str, shape: tuple[int, ...], is_binary: bool
    ) -> None:
        """A wrong name, shape or type."""
        values = np.zeros(shape, datatype.lower())
        tensor = triton.InferInput(name, list(shape), datatype)
        tensor.set_data_from_numpy(values, binary_data=is_binary)

        with pytest.raises(InferenceServerException) as caught:
            client.infer("digits", [tensor])

        assert caught.value.status() == "400"

    def test_levels_as_shares(self, case: Case, client: Any) -> None:
        """FP32 above 1."""
        values = case.digits.astype(np.float32)
        tensor = triton.InferInput("images", list(values.shape), "FP32")
        tensor.set_data_from_numpy(values)

        with pytest.raises(InferenceServerException, match="Divide levels by 255"):
            client.infer("digits", [tensor])

    def test_shared_memory(self, case: Case, client: Any) -> None:
        """Tensors in shared memory."""
        there = triton.InferInput("images", [1, 28, 28], "UINT8")
        there.set_shared_memory("region", 784)
        wish = triton.InferRequestedOutput("class")
        wish.set_shared_memory("region", 8)

        with pytest.raises(InferenceServerException, match="Shared memory is not offered"):
            client.infer("digits", [there])
        with pytest.raises(InferenceServerException, match="Shared memory is not offered"):
            client.infer(
                "digits", [digits_input(case.digits, "UINT8", is_binary=True)], outputs=[wish]
            )

    def test_no_picture(self, client: Any) -> None:
        """A file that is no picture, and an output that there is not."""
        with pytest.raises(InferenceServerException) as caught:
            client.infer("digits", [pictures_input([b"text"], is_binary=True)])
        assert caught.value.status() == "400"

        with pytest.raises(InferenceServerException, match="unexpected inference output"):
            client.infer(
                "digits",
                [pictures_input([b"text"], is_binary=True)],
                outputs=[triton.InferRequestedOutput("x")],
            )


class TestKeys:
    """A service that asks for a key."""

    def test_without(self, case: Case, kind: Any) -> None:
        """Without it the client is refused, in a form that it reads; probes are open."""
        with kind(host(case.keyed_url)) as client:
            assert client.is_server_ready()
            with pytest.raises(InferenceServerException, match="X-API-Key") as caught:
                client.infer("digits", [digits_input(case.digits, "UINT8", is_binary=True)])

        assert caught.value.status() == "401"

    def test_with(self, case: Case, kind: Any) -> None:
        """With it the client is answered."""
        headers = {"Authorization": f"Bearer {case.key}"}
        with kind(host(case.keyed_url)) as client:
            tensor = digits_input(case.digits, "UINT8", is_binary=True)

            answer = client.infer("digits", [tensor], headers=headers)

        case.check(answer.as_numpy("probabilities"))


def one_digit(case: Case, number: int) -> Any:
    """Return the input of a request of many: one digit, in JSON or binary, as levels or shares of ink."""
    digit = case.digits[[number % len(case.digits)]]
    datatype = "UINT8" if number % 4 < 2 else "FP32"
    return digits_input(digit, datatype, is_binary=bool(number % 2))


def check_many(case: Case, answers: list[Any]) -> None:
    """Check that each of many requests got its own answer."""
    found = [answer.as_numpy("probabilities")[0] for answer in answers]
    expected = [case.probabilities[at % len(case.digits)] for at in range(NUM_REQUESTS)]
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)


class TestMany:
    """Several hundred requests at once, each of one digit and on a connection of its own."""

    def test_pool(self, case: Case) -> None:
        """The blocking client sends them from its pool; each gets its own answer."""
        with triton.InferenceServerClient(host(case.url), concurrency=NUM_REQUESTS) as client:
            sent = [
                client.async_infer("digits", [one_digit(case, number)])
                for number in range(NUM_REQUESTS)
            ]
            answers = [request.get_result() for request in sent]

        check_many(case, answers)

    def test_asyncio(self, case: Case) -> None:
        """So does the one for asyncio."""

        async def send_all() -> list[Any]:
            async with triton_aio.InferenceServerClient(
                host(case.url), conn_limit=NUM_REQUESTS
            ) as client:
                inputs = [one_digit(case, number) for number in range(NUM_REQUESTS)]
                return await asyncio.gather(*[client.infer("digits", [it]) for it in inputs])

        check_many(case, asyncio.run(send_all()))
