"""Tests of the Python client against the service, and against servers that misbehave."""

import ast
import asyncio
import contextlib
import inspect
import io
import json
import re
import subprocess
import sys
import tokenize
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from digitserve_client import (
    AsyncClient,
    Client,
    ClientError,
    Evaluation,
    Explanation,
    ImageSource,
    NoAnswerError,
    NotDigitserveError,
    Prediction,
    Retries,
    ServiceError,
)
from tests.service.cli.conftest import draw_seven

ANSWER = {
    "class": 7,
    "confidence": 1.0,
    "probabilities": [0.0] * 7 + [1.0, 0.0, 0.0],
    "status": "ok",
    "warnings": [],
    "model": {"name": "digits", "version": "1"},
}
EVALUATION = {
    "n": 7,
    "accuracy": 1.0,
    "accuracy_interval": {"low": 0.65, "high": 1.0},
    "loss": 0.0,
    "confusion_matrix": [],
    "calibration_error": 0.0,
    "model": ANSWER["model"],
}
OVERLOADED = {
    "type": "urn:problem-type:digitserve:overloaded",
    "status": 503,
    "detail": "Come back later.",
    "instance": "abc",
}
AT_ONCE = Retries(attempts=3, first_delay_s=0)


def _ask_many(client: Client) -> object:
    """Ask for two images at once."""
    return list(client.predict_batch([b"x", b"y"]))


def seven_pixels() -> Image.Image:
    """Return the picture of a seven, read by Pillow."""
    return Image.open(io.BytesIO(draw_seven()))


def sevens_zip() -> bytes:
    """Return labelled data: a seven, and a file that is no picture."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("7/a.png", draw_seven())
        archive.writestr("7/b.png", b"no picture")
    return buffer.getvalue()


def answering(*responses: httpx.Response | Exception) -> tuple[httpx.MockTransport, list[str]]:
    """Return a transport that gives these answers in turn, and the paths it was asked for."""
    paths: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        response = responses[len(paths) - 1]
        if isinstance(response, Exception):
            raise response
        return response

    return httpx.MockTransport(answer), paths


class SlowAnswers(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Two answers, one after the other, and what has come of it so far."""

    def __init__(self, answer: Mapping[str, Any] = ANSWER) -> None:
        self._answer = answer
        self.steps: list[str] = []

    def __iter__(self) -> Iterator[bytes]:
        for step in ("first", "second"):
            self.steps.append(step)
            yield json.dumps(self._answer).encode() + b"\n"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for line in self:
            yield line

    def close(self) -> None:
        """Note that the rest is not wanted."""
        self.steps.append("closed")

    async def aclose(self) -> None:
        """Note the same."""
        self.close()


class TestImages:
    """Of what an image may be."""

    @pytest.mark.parametrize(
        "make",
        [
            lambda folder: str(folder / "seven.png"),
            lambda folder: folder / "seven.png",
            lambda folder: (folder / "seven.png").open("rb"),
            lambda _: draw_seven(),
            lambda _: seven_pixels(),
            lambda _: np.asarray(seven_pixels()),
            lambda _: np.asarray(seven_pixels().convert("RGB")),
            lambda _: np.asarray(seven_pixels().convert("RGBA"))[:, ::1],
        ],
    )
    def test_every_source_gives_the_same_answer(
        self, make: Callable[[Path], ImageSource], url: str, tmp_path: Path
    ) -> None:
        """A path, an open file, bytes, Pillow and NumPy are the same picture to the service."""
        (tmp_path / "seven.png").write_bytes(draw_seven())
        with Client(url) as client:
            expected = client.predict(draw_seven())
            image = make(tmp_path)

            prediction = client.predict(image)

        if hasattr(image, "close"):
            image.close()
        assert prediction == expected
        assert (prediction.digit, prediction.status) == (7, "ok")

    def test_array_that_is_no_picture(self) -> None:
        """Pixels that are not of uint8 are refused before anything is sent."""
        transport, paths = answering()

        with pytest.raises(ValueError, match="not float64"):
            Client(transport=transport).predict(np.zeros((28, 28)))  # type: ignore[arg-type]

        assert paths == []


class TestPredict:
    """Of `predict`."""

    def test_is_the_answer_of_the_service(self, url: str) -> None:
        """The result holds the service's own JSON, and the same in types."""
        expected = httpx.post(
            f"{url}/predict", content=draw_seven(), params={"model": "textbook", "detail": "true"}
        ).json()

        with Client(url) as client:
            prediction = client.predict(draw_seven(), model="textbook", detail=True)

        assert prediction.json == expected
        assert list(prediction.probabilities) == expected["probabilities"]
        assert prediction.model.name == "textbook"
        assert prediction.detail == expected["detail"]

    def test_refusal(self, url: str) -> None:
        """A file that is no image raises the service's sentence, its status, code and request id."""
        with Client(url) as client, pytest.raises(ServiceError, match="PNG") as error:
            client.predict(b"no image")

        assert (error.value.status, error.value.code) == (415, "unsupported-media")
        assert error.value.request_id

    def test_key_is_sent(self) -> None:
        """The key goes along as a bearer token."""
        seen: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request.headers["authorization"])
            return httpx.Response(200, json=ANSWER)

        Client(key="secret", transport=httpx.MockTransport(answer)).predict(b"x")

        assert seen == ["Bearer secret"]

    def test_path_in_front_of_the_routes(self) -> None:
        """A service behind a path of a proxy is asked there."""
        transport, paths = answering(httpx.Response(200, json=ANSWER))

        Client("http://proxy/digits/", transport=transport).predict(b"x")

        assert paths == ["/digits/predict"]


def shape_of(numbers: list[Any] | None) -> tuple[int, ...]:
    """Return how nested lists are nested."""
    return np.array(numbers).shape


class TestExplain:
    """Of `explain`."""

    @pytest.mark.parametrize("is_async", [False, True])
    def test_is_the_answer_of_the_service(self, is_async: bool, url: str) -> None:
        """The result holds the service's own JSON, and the same in types."""
        params = {"model": "textbook", "layer": ["convolution_1", "dense_1"]}
        more = {"weights": "true", "saliency": "true"}
        expected = httpx.post(
            f"{url}/explain", content=draw_seven(), params={**params, **more}, timeout=60
        ).json()

        async def ask() -> Explanation:
            async with AsyncClient(url) as client:
                return await client.explain(draw_seven(), **wanted)

        wanted: dict[str, Any] = {
            "model": "textbook",
            "layers": params["layer"],
            "weights": True,
            "saliency": True,
        }
        with Client(url) as client:
            it = asyncio.run(ask()) if is_async else client.explain(draw_seven(), **wanted)

        by_name = {layer.name: layer for layer in it.layers}
        assert it.json == expected
        assert it.prediction.digit == 7
        assert by_name["convolution_1"].shape == [28, 28, 16]
        assert shape_of(by_name["convolution_1"].activations) == (28, 28, 16)
        assert shape_of(by_name["convolution_1"].kernel) == (5, 5, 1, 16)
        assert shape_of(by_name["dense_1"].bias) == (128,)
        assert by_name["convolution_2"].activations is None
        assert {digit: shape_of(evidence) for digit, evidence in it.saliency.items()} == {
            entry["class"]: (28, 28) for entry in expected["saliency"]
        }

    def test_nothing_more_is_asked_for(self, url: str) -> None:
        """By itself it names the layers of the default model, without numbers."""
        with Client(url) as client:
            explanation = client.explain(draw_seven())

        assert explanation.prediction.model.name == "digits"
        assert explanation.layers[0].name == "input"
        assert all(layer.activations is None for layer in explanation.layers)
        assert explanation.saliency == {}


class TestPredictBatch:
    """Of `predict_batch`."""

    def test_one_answer_for_each_image(self, url: str) -> None:
        """A picture that cannot be used is an error in its place; the others are predictions."""
        with Client(url) as client:
            good, bad, again = client.predict_batch([draw_seven(), b"no image", seven_pixels()])

        assert isinstance(good, Prediction)
        assert isinstance(bad, ServiceError)
        assert isinstance(again, Prediction)
        assert (good.digit, bad.status, again.digit) == (7, 415, 7)

    @pytest.mark.parametrize("chunk_bytes", [1, 7, 10_000])
    def test_chunks(self, chunk_bytes: int) -> None:
        """However the answer is cut up on its way, a name may hold what Unicode counts as a line's end."""
        lines = [json.dumps({**ANSWER, "name": "a\u2028\x85"}, ensure_ascii=False) + "\n"] * 2
        body = "".join(lines).encode()
        chunks = (body[at : at + chunk_bytes] for at in range(0, len(body), chunk_bytes))
        transport, _ = answering(httpx.Response(200, content=chunks))

        results = list(Client(transport=transport).predict_batch([b"x", b"y"]))

        assert [isinstance(result, Prediction) for result in results] == [True, True]

    def test_each_answer_as_it_arrives(self) -> None:
        """The first answer is had before the second is there; who leaves then gives the connection back."""
        stream = SlowAnswers()
        client = Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, stream=stream)))

        answers = client.predict_batch([b"x", b"y"])

        assert isinstance(next(answers), Prediction)
        assert stream.steps == ["first"]
        answers.close()
        assert stream.steps == ["first", "closed"]


class TestEvaluate:
    """Of `evaluate`."""

    @pytest.mark.parametrize("is_async", [False, True])
    def test_the_result_ends_it(self, is_async: bool) -> None:
        """Once the result is there, the rest of the answer is not waited for: it may never end."""
        stream = SlowAnswers(EVALUATION)
        transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=stream))

        async def ask() -> Evaluation:
            async with AsyncClient(transport=transport) as client:
                return await client.evaluate()

        evaluation = asyncio.run(ask()) if is_async else Client(transport=transport).evaluate()

        assert evaluation.n == 7
        assert stream.steps == ["first", "closed"]

    def test_labelled_data(self, url: str) -> None:
        """Scores come as values, with what was left out in the JSON."""
        with Client(url) as client:
            evaluation = client.evaluate(sevens_zip())

        assert (evaluation.n, evaluation.accuracy) == (1, 1.0)
        assert evaluation.confusion_matrix[7][7] == 1
        assert [entry["name"] for entry in evaluation.json["rejected"]] == ["7/b.png"]

    def test_progress(self) -> None:
        """Every progress event is told, and the result is the last one's."""
        result = '{"n": 2, "accuracy": 0.5, "accuracy_interval": {"low": 0, "high": 1}, "loss": 1, '
        result += '"confusion_matrix": [[1]], "calibration_error": 0, "model": {"name": "a", "version": "1"}}'
        events = 'event: progress\ndata: {"done": 1, "total": 2}\n\nevent: result\ndata: ' + result
        transport, _ = answering(httpx.Response(200, text=events))
        told: list[tuple[int, int]] = []

        evaluation = Client(transport=transport).evaluate(
            on_progress=lambda *done: told.append(done)
        )

        assert told == [(1, 2)]
        assert evaluation.n == 2

    def test_progress_that_fails(self) -> None:
        """What the caller's own function raises reaches the caller as it is."""
        transport, _ = answering(httpx.Response(200, text='data: {"done": 1, "total": 2}\n'))

        def fail(done: int, total: int) -> None:
            raise ValueError(f"{done} of {total}")

        with pytest.raises(ValueError, match="1 of 2"):
            Client(transport=transport).evaluate(on_progress=fail)

    def test_failure_in_the_stream(self, url: str) -> None:
        """Labelled data that cannot be used raises the service's sentence."""
        with Client(url) as client, pytest.raises(ServiceError) as error:
            client.evaluate(draw_seven())

        assert error.value.status == 415

    def test_stream_that_ends_early(self) -> None:
        """An answer that stops before its result is no answer."""
        transport, _ = answering(httpx.Response(200, text="event: progress\n"))

        with pytest.raises(NoAnswerError, match="before the result"):
            Client(transport=transport).evaluate()


class TestRetries:
    """Of repeated requests."""

    def test_passing_failures_are_repeated(self) -> None:
        """An overloaded service, then a lost connection, then an answer: the caller sees the answer."""
        transport, paths = answering(
            httpx.Response(503, json=OVERLOADED),
            httpx.ConnectError("refused"),
            httpx.Response(200, json=ANSWER),
        )

        prediction = Client(transport=transport, retries=AT_ONCE).predict(b"x")

        assert prediction.digit == 7
        assert len(paths) == 3

    def test_last_attempt_stands(self) -> None:
        """What the last attempt met is what the caller is told."""
        transport, paths = answering(*[httpx.Response(503, json=OVERLOADED) for _ in range(3)])

        with pytest.raises(ServiceError, match="Come back later"):
            Client(transport=transport, retries=AT_ONCE).predict(b"x")

        assert len(paths) == 3

    @pytest.mark.parametrize(
        "outcome",
        [httpx.Response(500, json=OVERLOADED), httpx.ReadTimeout("silent")],
        ids=["our fault", "silence"],
    )
    def test_lasting_failures_are_not(self, outcome: httpx.Response | Exception) -> None:
        """A failure that would come again, and a time-out that the caller chose, are not repeated."""
        transport, paths = answering(outcome)

        with pytest.raises(ClientError):
            Client(transport=transport, retries=AT_ONCE).predict(b"x")

        assert len(paths) == 1

    @pytest.mark.parametrize(
        ("retry_after", "low", "high"),
        [
            ("7", 7, 7),
            ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
            ("60", None, None),
            ("soon", 0.25, 0.5),
            ("Wed, 21 Oct 2015 07:28:00 +9999999999999999999999", 0.25, 0.5),
            (None, 0.25, 0.5),
        ],
    )
    def test_wait(self, retry_after: str | None, low: float | None, high: float | None) -> None:
        """The service's own wish decides; without a sane one it is the back-off; too long is never."""
        headers = {} if retry_after is None else {"retry-after": retry_after}
        request = httpx.Request("POST", "http://test/predict")
        response = httpx.Response(503, headers=headers, json=OVERLOADED, request=request)
        failure = httpx.HTTPStatusError("", request=request, response=response)
        retries = Retries(first_delay_s=0.5)

        if low is None or high is None:
            with pytest.raises(ServiceError):
                retries.pause_s(1, failure)
        else:
            assert low <= retries.pause_s(1, failure) <= high

    @pytest.mark.parametrize("ask", [_ask_many, lambda client: client.evaluate(b"x", b"y")])
    def test_forms_are_sent_again(self, ask: Callable[[Client], object]) -> None:
        """A form's files are whole in every attempt."""
        bodies: list[bytes] = []

        def answer(request: httpx.Request) -> httpx.Response:
            bodies.append(request.read())
            return httpx.Response(503, json=OVERLOADED)

        with pytest.raises(ServiceError):
            ask(Client(transport=httpx.MockTransport(answer), retries=AT_ONCE))

        assert len(bodies) == 3
        assert b"part-1" in bodies[0]
        assert bodies[0] == bodies[1] == bodies[2]


class TestMethods:
    """Of what help and editors show of the methods."""

    @pytest.mark.parametrize("name", ["predict", "predict_batch", "explain", "evaluate"])
    def test_same_arguments(self, name: str) -> None:
        """Both clients take the same arguments."""
        sync, other = (inspect.signature(getattr(kind, name)) for kind in (Client, AsyncClient))

        assert sync.parameters == other.parameters

    @pytest.mark.parametrize("name", ["predict", "explain", "evaluate"])
    def test_same_documentation(self, name: str) -> None:
        """Both have the same documentation."""
        assert getattr(Client, name).__doc__ == getattr(AsyncClient, name).__doc__ != ""

    @pytest.mark.parametrize(
        "ask",
        [
            lambda client, **which: client.predict(b"x", **which),
            lambda client, **which: client.explain(b"x", **which),
            lambda client, **which: client.evaluate(**which),
            lambda client, **which: list(client.predict_batch([b"x"], **which)),
        ],
        ids=["predict", "explain", "evaluate", "predict_batch"],
    )
    def test_which_model(self, ask: Callable[..., object]) -> None:
        """Every method asks for a model and a version by the query; without, for neither."""
        queries: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            queries.append(request.url.query.decode())
            return httpx.Response(404, json={**OVERLOADED, "status": 404})

        client = Client(transport=httpx.MockTransport(answer))
        for which in ({"model": "textbook", "version": "2"}, {"model": None}, {}):
            with pytest.raises(ServiceError):
                ask(client, **which)

        assert queries == ["model=textbook&version=2", "", ""]


class TestUnusable:
    """Of servers that are none of ours."""

    @pytest.mark.parametrize(
        "response",
        [
            httpx.Response(200, text="<html>"),
            httpx.Response(200, json=[]),
            httpx.Response(200, text="[" * 200_000),
            httpx.Response(200, json={"hello": 1}),
            httpx.Response(404, json={"detail": "of another service"}),
            httpx.Response(404, json={**OVERLOADED, "type": "about:blank"}),
        ],
    )
    def test_not_digitserve(self, response: httpx.Response) -> None:
        """An answer of another form says so, whatever its status."""
        transport, _ = answering(response)

        with pytest.raises(NotDigitserveError):
            Client(transport=transport).predict(b"x")

    def test_no_url(self) -> None:
        """What is no URL at all is said at once."""
        with pytest.raises(NoAnswerError, match=r"No answer from http://a:b \(InvalidURL\)"):
            Client("http://a:b")

    def test_nothing_listens(self) -> None:
        """A refused connection names the URL and the way out."""
        client = Client("http://127.0.0.1:9", retries=Retries(attempts=1))

        with client, pytest.raises(NoAnswerError, match=r"No answer from http://127.0.0.1:9 \("):
            client.predict(b"x")


class TestAsyncClient:
    """Of the client for `asyncio`."""

    def test_answers_as_the_other(self, url: str) -> None:
        """Every method returns what the other client's returns."""

        async def ask() -> tuple[Prediction, list[Prediction | ServiceError], Evaluation]:
            async with AsyncClient(url) as client:
                prediction = await client.predict(draw_seven(), detail=True)
                batch = [one async for one in client.predict_batch([draw_seven()])]
                return prediction, batch, await client.evaluate(sevens_zip())

        prediction, batch, evaluation = asyncio.run(ask())

        with Client(url) as client:
            assert prediction == client.predict(draw_seven(), detail=True)
            assert batch == list(client.predict_batch([draw_seven()]))
            assert evaluation.confusion_matrix == client.evaluate(sevens_zip()).confusion_matrix

    def test_each_answer_as_it_arrives(self) -> None:
        """The first answer is had before the second is there; who leaves then gives the connection back."""
        stream = SlowAnswers()
        transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=stream))

        async def ask() -> None:
            async with AsyncClient(transport=transport) as client:
                async with contextlib.aclosing(client.predict_batch([b"x", b"y"])) as answers:
                    assert isinstance(await anext(answers), Prediction)
                    assert stream.steps == ["first"]
                assert stream.steps == ["first", "closed"]

        asyncio.run(ask())

    def test_repeats_and_explains_as_the_other(self) -> None:
        """A passing failure is repeated, and a refusal raises."""
        refusal = {**OVERLOADED, "status": 422}
        transport, paths = answering(
            httpx.Response(503, json=OVERLOADED),
            httpx.ConnectError("refused"),
            httpx.Response(422, json=refusal),
        )

        async def ask() -> None:
            async with AsyncClient(transport=transport, retries=AT_ONCE) as client:
                await client.predict(b"x")

        with pytest.raises(ServiceError, match="Come back later"):
            asyncio.run(ask())

        assert len(paths) == 3

    def test_stream_that_ends_early(self) -> None:
        """An answer that stops before its result is no answer."""
        transport, _ = answering(httpx.Response(200, text="event: progress\n"))

        async def ask() -> None:
            async with AsyncClient(transport=transport) as client:
                await client.evaluate()

        with pytest.raises(NoAnswerError, match="before the result"):
            asyncio.run(ask())


def test_needs_nothing_but_httpx() -> None:
    """The package imports neither the service nor NumPy nor Pillow."""
    code = "import sys, digitserve_client; print({'service', 'numpy', 'PIL'} & sys.modules.keys())"
    environment = {"PYTHONPATH": "clients/python"}

    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, env=environment
    ).stdout

    assert output == "set()\n"


def test_is_short() -> None:
    """The package has fewer lines of code than its README says, by the way of counting that stands there."""
    package = Path("clients/python/digitserve_client")
    bound = re.search(r"under (\d+) lines of code", Path("clients/python/README.md").read_text())

    assert bound is not None
    assert sum(count_code(path.read_text()) for path in package.glob("*.py")) < int(bound[1])


def count_code(source: str) -> int:
    """Count the lines of a module that hold more than blanks, comments and docstrings."""
    nothing = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in {*nothing, tokenize.ENDMARKER}:
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)
