"""The two clients: the same calls for programs and for `asyncio`.

    arguments of a method -> request -> HTTP, again where that may help -> a result

What is said twice here, once with `await`, is what sends, waits and reads; the rest is shared.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Concatenate, Generic, ParamSpec, TypedDict, TypeVar, Unpack

import httpx

from digitserve_client import results
from digitserve_client.errors import NoAnswerError, ServiceError
from digitserve_client.images import ImageSource, read_image, to_parts
from digitserve_client.results import Evaluation, Explanation, OnProgress, Prediction, Reader, T

ABSENT = "No answer from {} ({}). Start it with `digitserve serve`, or give the URL that it prints."

P = ParamSpec("P")
Http = TypeVar("Http", bound=httpx.Client | httpx.AsyncClient)


@dataclass(frozen=True)
class Retries:
    """How often a request is repeated. Every request of this package may be: none changes anything.

    Attributes:
        attempts: At most so many, the first counted; 1 never repeats.
        first_delay_s: Wait before the second; each wait is twice the one before, less up to half
            of it by chance, so that clients do not come back together.
        max_delay_s: Longest wait. A service that asks for more is not asked again.
    """

    attempts: int = 3
    first_delay_s: float = 0.25
    max_delay_s: float = 20.0

    def pause_s(self, attempt: int, failure: httpx.HTTPError) -> float:
        """Return the wait in seconds before the next attempt, or raise what this one came to.

        Args:
            attempt: The one that failed, from 1.
            failure: Of sending the request, or the error of a status, whose body is read.
        """
        longest_s = min(self.first_delay_s * 2.0 ** (attempt - 1), self.max_delay_s)
        delay_s = longest_s * random.uniform(0.5, 1)  # noqa: S311 - no secret
        again = isinstance(failure, httpx.ConnectTimeout | httpx.NetworkError | httpx.ProtocolError)
        response = failure.response if isinstance(failure, httpx.HTTPStatusError) else None
        if response is not None:
            again = response.status_code in {429, 502, 503, 504}  # RFC 6585; RFC 9110, section 15
            wish: str = response.headers.get("retry-after", "")  # RFC 9110, section 10.2.3
            delay_s = float(wish) if wish.isdecimal() else delay_s
            with contextlib.suppress(ValueError, OverflowError):  # unless it is a date
                delay_s = max(0.0, parsedate_to_datetime(wish).timestamp() - time.time())
        if again and attempt < self.attempts and delay_s <= self.max_delay_s:
            return delay_s
        raise failure if response is None else results.load(ServiceError, response.content)


@contextlib.contextmanager
def translate(url: str) -> Generator[None]:
    """Raise `NoAnswerError` for what httpx raises in the context for the service at a URL."""
    try:
        yield
    except (httpx.RequestError, httpx.InvalidURL) as cause:
        raise NoAnswerError(ABSENT.format(url, type(cause).__name__)) from cause


def existing(answer: T | None, url: str) -> T:
    """Return the result of a request.

    Raises:
        NoAnswerError: If it has none.
    """
    if answer is None:
        raise NoAnswerError(f"{url} ended its answer before the result. Look at the service's log.")
    return answer


class Which(TypedDict, total=False):
    """Which model is to answer; without, the service's default.

    Attributes:
        model: Its name.
        version: One of its versions that is loaded; without, the active one.
    """

    model: str | None
    version: str | None


class _Base(Generic[Http]):
    """What both clients are: settings, and a pool of connections."""

    _new: type[Http]

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        key: str | None = None,
        timeout_s: float | None = 60.0,
        retries: Retries | None = None,
        transport: Any = None,
    ) -> None:
        auth = {} if key is None else {"Authorization": f"Bearer {key}"}
        timeout = httpx.Timeout(timeout_s, connect=10.0)
        self._url, self._retries = url.rstrip("/"), retries or Retries()
        with translate(self._url):
            self._http = self._new(base_url=url, headers=auth, timeout=timeout, transport=transport)

    def _request(self, path: str, query: results.Json, **options: Any) -> httpx.Request:
        """Make a request; what is None, false or empty stays out of its URL."""
        params = {name: it for name, it in query.items() if it}
        return self._http.build_request("POST", path, params=params, **options)


class Client(_Base[httpx.Client], contextlib.AbstractContextManager["Client"]):
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

    _new = httpx.Client

    def predict(
        self, image: ImageSource, *, detail: bool = False, **which: Unpack[Which]
    ) -> Prediction:
        """Recognise the digit on an image; `detail` adds what the model saw."""
        request = self._request("predict", {**which, "detail": detail}, content=read_image(image))
        return self._answer(request, Reader(results.read_prediction))

    def predict_batch(
        self, images: Iterable[ImageSource], **which: Unpack[Which]
    ) -> Generator[Prediction | ServiceError]:
        """Recognise many images by one request; an answer for each, in order, as it arrives.

        Yields:
            What is on an image, or the error that `predict` would raise for it.
        """
        request = self._request("predict/batch", which, files=to_parts(images))
        return self._answers(request, Reader(results.read_item))

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
        request = self._request("explain", query, content=read_image(image))
        return self._answer(request, Reader(results.read_explanation))

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
        timeout = httpx.Timeout(None, connect=self._http.timeout.connect)
        options = {"headers": {"Accept": "text/event-stream"}, "timeout": timeout}
        request = self._request("evaluate", which, files=to_parts(files), **options)
        return self._answer(request, Reader(results.read_event, on_progress))

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self, request: httpx.Request, reader: Reader[T]) -> T:
        """Return the one result of a request; see `_answers`."""
        with contextlib.closing(self._answers(request, reader)) as answers:
            return existing(next(answers, None), self._url)

    def _answers(self, request: httpx.Request, reader: Reader[T]) -> Generator[T]:
        """Yield what comes of a request, as it arrives."""
        with translate(self._url), contextlib.closing(self._send(request)) as it:
            for chunk in it.iter_bytes():
                yield from reader.take(chunk)
            yield from reader.take(b"\n")

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


class AsyncClient(_Base[httpx.AsyncClient], contextlib.AbstractAsyncContextManager["AsyncClient"]):
    """The same client for `asyncio`; see `Client`. `predict_batch` is an asynchronous iterator."""

    _new = httpx.AsyncClient

    predict = _awaited(Client.predict)
    explain = _awaited(Client.explain)
    evaluate = _awaited(Client.evaluate)

    def predict_batch(
        self, images: Iterable[ImageSource], **which: Unpack[Which]
    ) -> AsyncGenerator[Prediction | ServiceError]:
        """Recognise many images by one request; see `Client.predict_batch`."""
        request = self._request("predict/batch", which, files=to_parts(images))
        return self._answers(request, Reader(results.read_item))

    async def aclose(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _answer(self, request: httpx.Request, reader: Reader[T]) -> T:
        async with contextlib.aclosing(self._answers(request, reader)) as answers:
            return existing(await anext(answers, None), self._url)

    async def _answers(self, request: httpx.Request, reader: Reader[T]) -> AsyncGenerator[T]:
        with translate(self._url):
            async with contextlib.aclosing(await self._send(request)) as it:
                async for chunk in it.aiter_bytes():
                    for answer in reader.take(chunk):
                        yield answer
                for answer in reader.take(b"\n"):
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
