"""The two clients: the same calls for programs and for `asyncio`.

    arguments of a method -> `Call` -> HTTP, again where that may help -> a result

A method of `Client` describes its call; what makes it a method sends that, and `AsyncClient` awaits the same.
"""

import asyncio
import inspect
import itertools
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable, Sequence
from contextlib import aclosing, closing
from functools import partial, update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, get_args

import httpx

from digitserve_client.calls import Call, describe_batch, load, pause_s, read_event
from digitserve_client.errors import NoAnswerError, ServiceError, address, translate
from digitserve_client.images import ImageSource, read_image, to_parts
from digitserve_client.results import Evaluation, Explanation, OnProgress, Prediction
from digitserve_client.retries import Outcome, Retries

DEFAULT_URL = "http://127.0.0.1:8000"
CONNECT_TIMEOUT_S = 10.0
TIMEOUT_S = 60.0  # of silence; a busy service takes seconds
DEFAULT_RETRIES = Retries()

P = ParamSpec("P")
T = TypeVar("T")
Http = TypeVar("Http", bound=httpx.Client | httpx.AsyncClient)
Transport = TypeVar("Transport", bound=httpx.BaseTransport | httpx.AsyncBaseTransport)


class _Connected(Generic[Http, Transport]):
    """What both clients are: settings, and a pool of connections."""

    _pool: type[Http]

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        key: str | None = None,
        timeout_s: float | None = TIMEOUT_S,
        retries: Retries = DEFAULT_RETRIES,
        transport: Transport | None = None,
    ) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        timeout = httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
        options: dict[str, Any] = {"headers": headers, "timeout": timeout, "transport": transport}
        try:
            self._http = self._pool(base_url=url, **options)
        except httpx.InvalidURL as cause:
            raise NoAnswerError(f"{url} is no URL. Give one such as {DEFAULT_URL}.") from cause
        self._retries = retries

    def _ended(self) -> NoAnswerError:
        """Return the error for an answer that ended before its result."""
        return NoAnswerError(
            f"{address(self._http)} ended its answer before the result. Look at the service's log."
        )


def _document(method: Any, call: Callable[..., Call[Any]]) -> None:
    """Give a method the name, the arguments, the text and the result of what describes its call."""
    signature = inspect.signature(call)
    [result] = get_args(signature.return_annotation)
    update_wrapper(method, call)
    method.__signature__ = signature.replace(return_annotation=result)


def _sync(
    call: Callable[Concatenate["Client", P], Call[T]],
) -> Callable[Concatenate["Client", P], T]:
    """Make a method that returns the result of the call that a function describes."""

    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        with closing(self._answers(call(self, *args, **kwargs))) as answers:
            for answer in answers:
                return answer
        raise self._ended()

    _document(method, call)
    return method


class Client(_Connected[httpx.Client, httpx.BaseTransport]):
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

    @_sync
    def predict(
        self, image: ImageSource, *, model: str | None = None, detail: bool = False
    ) -> Call[Prediction]:
        """Recognise the digit on an image; `detail` adds what the model saw."""
        params = {"model": model, "detail": detail or None}
        read, options = partial(load, Prediction.from_json), {"content": read_image(image)}
        return Call("predict", read, params, options)

    def predict_batch(
        self, images: Iterable[ImageSource], *, model: str | None = None
    ) -> Generator[Prediction | ServiceError]:
        """Recognise many images by one request; an answer for each, in order, as it arrives.

        Yields:
            What is on an image, or the error that `predict` would raise for it.
        """
        return self._answers(describe_batch(images, model))

    @_sync
    def explain(
        self,
        image: ImageSource,
        *,
        model: str | None = None,
        layers: Sequence[str] = (),
        weights: bool = False,
        saliency: bool = False,
    ) -> Call[Explanation]:
        """Recognise the digit on an image, and tell what the network makes of it.

        Args:
            image: One image.
            model: Name of the model; the service's default if None.
            layers: Names of the layers whose activations are wanted; `("*",)`: of all.
            weights: Whether their weights are wanted too.
            saliency: Whether it is wanted which ink spoke for the answer and for the runner-up.
        """
        params = {"layer": list(layers), "weights": weights or None, "saliency": saliency or None}
        read, options = partial(load, Explanation.from_json), {"content": read_image(image)}
        return Call("explain", read, {"model": model, **params}, options)

    @_sync
    def evaluate(
        self,
        *files: ImageSource,
        model: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Call[Evaluation]:
        """Score a model on labelled digits, or on its bundle's own where no files are given.

        Args:
            *files: A zip of `<label>/<any>.png`, an npz, or an IDX image file and its label file.
            model: Name of the model; the service's default if None.
            on_progress: Is told how far it is.
        """
        # The service is silent while it reads large data.
        timeout = httpx.Timeout(None, connect=CONNECT_TIMEOUT_S)
        headers = {"Accept": "text/event-stream"}
        options = {"files": to_parts(files), "headers": headers, "timeout": timeout}
        read = partial(read_event, on_progress)
        return Call("evaluate", read, {"model": model}, options, end=b"\n\n")

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answers(self, call: Call[T]) -> Generator[T]:
        """Yield what comes of a call, as it arrives."""
        with translate(self._http), closing(self._send(call)) as response:
            read = call.reader(response)
            for chunk in response.iter_bytes():
                yield from read(chunk)
            yield from read(call.end)

    def _send(self, call: Call[Any]) -> httpx.Response:
        """Send a call until it is answered, or its failure stands."""
        attempts = itertools.count(1)
        while True:
            try:
                response = self._http.send(call.request(self._http), stream=True)
                if response.status_code == 200:
                    return response
                response.read()
                outcome: Outcome = response
            except httpx.TransportError as error:
                outcome = error
            time.sleep(pause_s(self._retries, next(attempts), outcome))


def _async(
    method: Callable[Concatenate[Client, P], T],
) -> Callable[Concatenate["AsyncClient", P], Coroutine[Any, Any, T]]:
    """Make a method of `Client` one for `asyncio`."""
    call: Callable[..., Call[T]] = inspect.unwrap(method)

    async def awaited(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        async with aclosing(self._answers(call(self, *args, **kwargs))) as answers:
            async for answer in answers:
                return answer
        raise self._ended()

    _document(awaited, call)
    return awaited


class AsyncClient(_Connected[httpx.AsyncClient, httpx.AsyncBaseTransport]):
    """The same client for `asyncio`; see `Client`. `predict_batch` is an asynchronous iterator."""

    _pool = httpx.AsyncClient

    predict = _async(Client.predict)
    explain = _async(Client.explain)
    evaluate = _async(Client.evaluate)

    def predict_batch(
        self, images: Iterable[ImageSource], *, model: str | None = None
    ) -> AsyncGenerator[Prediction | ServiceError]:
        """Recognise many images by one request; see `Client.predict_batch`."""
        return self._answers(describe_batch(images, model))

    async def aclose(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _answers(self, call: Call[T]) -> AsyncGenerator[T]:
        with translate(self._http):
            async with aclosing(await self._send(call)) as response:
                read = call.reader(response)
                async for chunk in response.aiter_bytes():
                    for answer in read(chunk):
                        yield answer
                for answer in read(call.end):
                    yield answer

    async def _send(self, call: Call[Any]) -> httpx.Response:
        attempts = itertools.count(1)
        while True:
            try:
                response = await self._http.send(call.request(self._http), stream=True)
                if response.status_code == 200:
                    return response
                await response.aread()
                outcome: Outcome = response
            except httpx.TransportError as error:
                outcome = error
            await asyncio.sleep(pause_s(self._retries, next(attempts), outcome))
