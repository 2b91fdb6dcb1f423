"""The two clients: the same calls for programs and for `asyncio`."""

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Self

import httpx

from digitserve_client.errors import (
    NoAnswerError,
    ServiceError,
    check,
    cut_off,
    read_object,
    stand,
    translate,
)
from digitserve_client.images import ImageSource, read_image, to_parts
from digitserve_client.results import (
    Evaluation,
    EvaluationReader,
    Explanation,
    OnProgress,
    Prediction,
    read_line,
)
from digitserve_client.retries import Outcome, Retries

DEFAULT_URL = "http://127.0.0.1:8000"
CONNECT_TIMEOUT_S = 10.0
TIMEOUT_S = 60.0  # of silence; a busy service takes seconds
DEFAULT_RETRIES = Retries()


def _options(url: str, key: str | None, timeout_s: float | None) -> dict[str, Any]:
    """Return how both clients set httpx up."""
    try:
        base_url = httpx.URL(url)
    except httpx.InvalidURL as cause:
        raise NoAnswerError(f"{url} is no URL. Give one such as {DEFAULT_URL}.") from cause
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    timeout = httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
    return {"base_url": base_url, "headers": headers, "timeout": timeout}


def _predict(image: ImageSource, model: str | None, *, detail: bool) -> dict[str, Any]:
    """Return the request for the digit on one image."""
    params = {"model": model, "detail": detail or None}
    return {"path": "predict", "content": read_image(image), "params": _given(params)}


def _predict_batch(images: Iterable[ImageSource], model: str | None) -> dict[str, Any]:
    """Return the request for the digits on many images, sent as files of a form."""
    return {"path": "predict/batch", "files": to_parts(images), "params": _given({"model": model})}


def _explain(
    image: ImageSource, model: str | None, layers: Sequence[str], *, weights: bool, saliency: bool
) -> dict[str, Any]:
    """Return the request for what a network makes of one image."""
    params = {"model": model, "weights": weights or None, "saliency": saliency or None}
    return {
        "path": "explain",
        "content": read_image(image),
        "params": _given({**params, "layer": list(layers) or None}),
    }


def _evaluate(files: Iterable[ImageSource], model: str | None) -> dict[str, Any]:
    """Return the request for scores. The service is silent while it reads large data."""
    return {
        "path": "evaluate",
        "files": to_parts(files) or None,
        "params": _given({"model": model}),
        "headers": {"Accept": "text/event-stream"},
        "timeout": httpx.Timeout(None, connect=CONNECT_TIMEOUT_S),
    }


def _given(params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


class Client:
    """A client of one service; it keeps its connections, so keep it. Threads may share it.

    Args:
        url: Where the service is; a path in front of its routes is kept.
        key: API key, if the service asks for one.
        timeout_s: Longest silence of the service in seconds; None: it may be silent for ever.
        retries: When to ask again.
        transport: How httpx sends; for tests.

    Every method raises `ServiceError` for a request that was refused, `NoAnswerError` if the service
    cannot be reached (as does the constructor, for what is no URL) and `NotDigitserveError` if something else answers.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        key: str | None = None,
        timeout_s: float | None = TIMEOUT_S,
        retries: Retries = DEFAULT_RETRIES,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(transport=transport, **_options(url, key, timeout_s))
        self._retries = retries

    def predict(
        self, image: ImageSource, *, model: str | None = None, detail: bool = False
    ) -> Prediction:
        """Recognise the digit on an image; `detail` adds what the model saw."""
        with self._open(**_predict(image, model, detail=detail)) as response:
            response.read()
            return Prediction.from_json(read_object(response))

    def predict_batch(
        self, images: Iterable[ImageSource], *, model: str | None = None
    ) -> Iterator[Prediction | ServiceError]:
        """Recognise many images by one request; an answer for each, in order, as it arrives.

        Yields:
            What is on an image, or the error that `predict` would raise for it.
        """
        with self._open(**_predict_batch(images, model)) as response:
            yield from map(read_line, response.iter_lines())

    def explain(
        self,
        image: ImageSource,
        *,
        model: str | None = None,
        layers: Sequence[str] = (),
        weights: bool = False,
        saliency: bool = False,
    ) -> Explanation:
        """Recognise the digit on an image, and tell what the network makes of it.

        Args:
            image: One image.
            model: Name of the model; the service's default if None.
            layers: Names of the layers whose activations are wanted; `("*",)`: of all.
            weights: Whether their weights are wanted too.
            saliency: Whether it is wanted which ink spoke for the answer and for the runner-up.
        """
        request = _explain(image, model, layers, weights=weights, saliency=saliency)
        with self._open(**request) as response:
            response.read()
            return Explanation.from_json(read_object(response))

    def evaluate(
        self,
        *files: ImageSource,
        model: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Evaluation:
        """Score a model on labelled digits, or on its bundle's own where no files are given.

        Args:
            *files: A zip of `<label>/<any>.png`, an npz, or an IDX image file and its label file.
            model: Name of the model; the service's default if None.
            on_progress: Is told how far it is.
        """
        reader = EvaluationReader(on_progress)
        with self._open(**_evaluate(files, model)) as response:
            for line in response.iter_lines():
                if (evaluation := reader.feed(line)) is not None:
                    return evaluation
            raise cut_off(self._http)

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _open(self, path: str, **options: Any) -> Iterator[httpx.Response]:
        """Send a call, again where that may help, and open its answer of status 200."""
        with translate(self._http):
            response = self._send(path, options)
            try:
                if response.status_code != 200:
                    response.read()
                    check(response)
                yield response
            finally:
                response.close()

    def _send(self, path: str, options: dict[str, Any]) -> httpx.Response:
        """Send a call until its outcome stands."""
        for attempt in itertools.count(1):
            try:
                request = self._http.build_request("POST", path, **options)
                outcome: Outcome = self._http.send(request, stream=True)
            except httpx.TransportError as error:
                outcome = error
            delay_s = self._retries.delay_s(attempt, outcome)
            if delay_s is None:
                break
            if isinstance(outcome, httpx.Response):
                outcome.close()
            time.sleep(delay_s)
        return stand(outcome)


class AsyncClient:
    """The same client for `asyncio`; see `Client`. `predict_batch` is an asynchronous iterator."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        key: str | None = None,
        timeout_s: float | None = TIMEOUT_S,
        retries: Retries = DEFAULT_RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(transport=transport, **_options(url, key, timeout_s))
        self._retries = retries

    async def predict(
        self, image: ImageSource, *, model: str | None = None, detail: bool = False
    ) -> Prediction:
        """Recognise the digit on an image; see `Client.predict`."""
        async with self._open(**_predict(image, model, detail=detail)) as response:
            await response.aread()
            return Prediction.from_json(read_object(response))

    async def predict_batch(
        self, images: Iterable[ImageSource], *, model: str | None = None
    ) -> AsyncGenerator[Prediction | ServiceError]:
        """Recognise many images by one request; see `Client.predict_batch`."""
        async with self._open(**_predict_batch(images, model)) as response:
            async for line in response.aiter_lines():
                yield read_line(line)

    async def explain(
        self,
        image: ImageSource,
        *,
        model: str | None = None,
        layers: Sequence[str] = (),
        weights: bool = False,
        saliency: bool = False,
    ) -> Explanation:
        """Tell what the network makes of an image; see `Client.explain`."""
        request = _explain(image, model, layers, weights=weights, saliency=saliency)
        async with self._open(**request) as response:
            await response.aread()
            return Explanation.from_json(read_object(response))

    async def evaluate(
        self,
        *files: ImageSource,
        model: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Evaluation:
        """Score a model on labelled digits; see `Client.evaluate`."""
        reader = EvaluationReader(on_progress)
        async with self._open(**_evaluate(files, model)) as response:
            async for line in response.aiter_lines():
                if (evaluation := reader.feed(line)) is not None:
                    return evaluation
            raise cut_off(self._http)

    async def aclose(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @asynccontextmanager
    async def _open(self, path: str, **options: Any) -> AsyncGenerator[httpx.Response]:
        with translate(self._http):
            response = await self._send(path, options)
            try:
                if response.status_code != 200:
                    await response.aread()
                    check(response)
                yield response
            finally:
                await response.aclose()

    async def _send(self, path: str, options: dict[str, Any]) -> httpx.Response:
        for attempt in itertools.count(1):
            try:
                request = self._http.build_request("POST", path, **options)
                outcome: Outcome = await self._http.send(request, stream=True)
            except httpx.TransportError as error:
                outcome = error
            delay_s = self._retries.delay_s(attempt, outcome)
            if delay_s is None:
                break
            if isinstance(outcome, httpx.Response):
                await outcome.aclose()
            await asyncio.sleep(delay_s)
        return stand(outcome)
