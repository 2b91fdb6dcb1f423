"""The two clients: the same calls for programs and for `asyncio`.

arguments of a method -> request -> HTTP, again where that may help -> a result
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable, Sequence
from contextlib import aclosing, closing
from functools import partial
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypedDict, TypeVar, Unpack

import httpx

from digitserve_client import results
from digitserve_client.calls import Call, OnProgress, Retries, by_lines, load, read_event, translate
from digitserve_client.errors import NoAnswerError, ServiceError
from digitserve_client.images import ImageSource, read_image, to_parts
from digitserve_client.results import Evaluation, Explanation, Json, Prediction

DEFAULT_URL = "http://127.0.0.1:8000"
CONNECT_TIMEOUT_S = 10.0
TIMEOUT_S = 60.0  # of silence; a busy service takes seconds
ENDED = "{} ended its answer before the result. Look at the service's log."

P = ParamSpec("P")
T = TypeVar("T")
Http = TypeVar("Http", bound=httpx.Client | httpx.AsyncClient)


class Which(TypedDict, total=False):
    """Which model is to answer; without, the service's default.

    Attributes:
        model: Its name.
        version: One of its versions that is loaded; without, the active one.
    """

    model: str | None
    version: str | None


class _Connected(Generic[Http]):
    """What both clients are: settings, and a pool of connections."""

    _pool: type[Http]

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        key: str | None = None,
        timeout_s: float | None = TIMEOUT_S,
        retries: Retries | None = None,
        transport: Any = None,
    ) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        timeout = httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
        self._url, self._retries = url.rstrip("/"), retries or Retries()
        with translate(self._url):
            self._http = self._pool(
                base_url=url, headers=headers, timeout=timeout, transport=transport
            )

    def _call(
        self, path: str, read: Callable[[bytes], T | None], query: Json, **options: Any
    ) -> Call[T]:
        """Describe a call; what is None, false or empty stays out of its URL."""
        params = {name: it for name, it in query.items() if it}
        return Call(self._http.build_request("POST", path, params=params, **options), read)

    def _batch_call(
        self, images: Iterable[ImageSource], which: Which
    ) -> Call[Prediction | ServiceError]:
        read = partial(load, results.read_item)
        return self._call("predict/batch", read, which, files=to_parts(images))


class Client(_Connected[httpx.Client]):
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

    _pool = httpx.Client

    def predict(
        self, image: ImageSource, *, detail: bool = False, **which: Unpack[Which]
    ) -> Prediction:
        """Recognise the digit on an image; `detail` adds what the model saw."""
        read, query = results.read_prediction, {**which, "detail": detail}
        call = self._call("predict", partial(load, read), query, content=read_image(image))
        return self._answer(call)

    def predict_batch(
        self, images: Iterable[ImageSource], **which: Unpack[Which]
    ) -> Generator[Prediction | ServiceError]:
        """Recognise many images by one request; an answer for each, in order, as it arrives.

        Yields:
            What is on an image, or the error that `predict` would raise for it.
        """
        return self._answers(self._batch_call(images, which))

    def explain(
        self,
        image: ImageSource,
        *,
        layers: Sequence[str] = (),
        weights: bool = False,
        saliency: bool = False,
        **which: Unpack[Which],
    ) -> Explanation:
        """Recognise the digit on an image, and tell what the network makes of it.

        Args:
            image: One image.
            layers: Names of the layers whose activations are wanted; `("*",)`: of all.
            weights: Whether their weights are wanted too.
            saliency: Whether it is wanted which ink spoke for the answer and for the runner-up.
            **which: Which model is to answer; see `Which`.
        """
        query = {**which, "layer": layers, "weights": weights, "saliency": saliency}
        read = partial(load, results.read_explanation)
        return self._answer(self._call("explain", read, query, content=read_image(image)))

    def evaluate(
        self, *files: ImageSource, on_progress: OnProgress | None = None, **which: Unpack[Which]
    ) -> Evaluation:
        """Score a model on labelled digits, or on its bundle's own where no files are given.

        Args:
            *files: A zip of `<label>/<any>.png`, an npz, or an IDX image file and its label file.
            on_progress: Is told how far it is.
            **which: Which model is to be scored; see `Which`.
        """
        # The service is silent while it reads large data.
        timeout = httpx.Timeout(None, connect=CONNECT_TIMEOUT_S)
        options = {"headers": {"Accept": "text/event-stream"}, "timeout": timeout}
        read = partial(read_event, on_progress)
        return self._answer(self._call("evaluate", read, which, files=to_parts(files), **options))

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self, call: Call[T]) -> T:
        """Return the one result of a call; see `_answers`."""
        with closing(self._answers(call)) as answers:
            for answer in answers:
                return answer
        raise NoAnswerError(ENDED.format(self._url))

    def _answers(self, call: Call[T]) -> Generator[T]:
        """Yield what comes of a call, as it arrives."""
        read_lines = by_lines(call.read)
        with translate(self._url), closing(self._send(call.request)) as it:
            for chunk in it.iter_bytes():
                yield from read_lines(chunk)
            yield from read_lines(b"\n")

    def _send(self, request: httpx.Request, attempt: int = 1) -> httpx.Response:
        """Send a request until it is answered, or its failure stands."""
        try:
            response = self._http.send(request, stream=True)
            if not response.is_success:
                response.read()
            return response.raise_for_status()
        except httpx.HTTPError as failure:
            time.sleep(self._retries.pause_s(attempt, failure))
        return self._send(request, attempt + 1)


def _awaited(
    method: Callable[Concatenate[Client, P], T],
) -> Callable[Concatenate["AsyncClient", P], Coroutine[Any, Any, T]]:
    """Return a method of `Client` for `AsyncClient`, whose `_answer` is to be awaited."""
    return method  # type: ignore[return-value]  # it returns what `_answer` of its client returns


class AsyncClient(_Connected[httpx.AsyncClient]):
    """The same client for `asyncio`; see `Client`. `predict_batch` is an asynchronous iterator."""

    _pool = httpx.AsyncClient

    predict = _awaited(Client.predict)
    explain = _awaited(Client.explain)
    evaluate = _awaited(Client.evaluate)

    def predict_batch(
        self, images: Iterable[ImageSource], **which: Unpack[Which]
    ) -> AsyncGenerator[Prediction | ServiceError]:
        """Recognise many images by one request; see `Client.predict_batch`."""
        return self._answers(self._batch_call(images, which))

    async def aclose(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _answer(self, call: Call[T]) -> T:
        async with aclosing(self._answers(call)) as answers:
            async for answer in answers:
                return answer
        raise NoAnswerError(ENDED.format(self._url))

    async def _answers(self, call: Call[T]) -> AsyncGenerator[T]:
        read_lines = by_lines(call.read)
        with translate(self._url):
            async with aclosing(await self._send(call.request)) as it:
                async for chunk in it.aiter_bytes():
                    for answer in read_lines(chunk):
                        yield answer
                for answer in read_lines(b"\n"):
                    yield answer

    async def _send(self, request: httpx.Request, attempt: int = 1) -> httpx.Response:
        try:
            response = await self._http.send(request, stream=True)
            if not response.is_success:
                await response.aread()
            return response.raise_for_status()
        except httpx.HTTPError as failure:
            await asyncio.sleep(self._retries.pause_s(attempt, failure))
        return await self._send(request, attempt + 1)
