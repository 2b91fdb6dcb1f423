"""Calls: what is sent, and how the answer is read as it arrives.

    bytes of an answer -> lines or events -> JSON -> results, or errors

It sends nothing; the clients do.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any, Generic, TypeVar

import httpx

from digitserve_client.errors import PROBLEM_PREFIX, NotDigitserveError, ServiceError
from digitserve_client.images import ImageSource, to_parts
from digitserve_client.results import Evaluation, OnProgress, Prediction
from digitserve_client.retries import Outcome, Retries

T = TypeVar("T")
Part = tuple[httpx.Response, bytes]
"""An answer, and a part of its body: a line, or an event."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request, and how its answer is read.

    Attributes:
        path: Of its route.
        read: Returns what a part of the answer tells; None if that is nothing.
        params: Of its URL; those that are None stay away.
        options: What else httpx sends, by its own names.
        end: What ends a part.
    """

    path: str
    read: Callable[[Part], T | None]
    params: Mapping[str, Any]
    options: Mapping[str, Any]
    end: bytes = b"\n"  # and nothing else: JSON may hold what Unicode counts as a line's end too

    def request(self, http: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """Return the request anew."""
        params = {name: it for name, it in self.params.items() if it is not None}
        return http.build_request("POST", self.path, params=params, **self.options)

    def reader(self, response: httpx.Response) -> Callable[[bytes], Iterator[T]]:
        """Return what reads an answer chunk by chunk, and at last `end`."""
        rest = bytearray()  # which grows in place: an answer may have megabytes in one line

        def read(chunk: bytes) -> Iterator[T]:
            nonlocal rest
            rest += chunk
            *parts, rest = rest.split(self.end) if self.end[-1:] in chunk else [rest]
            results = (self.read((response, bytes(part))) for part in parts if part)
            return (result for result in results if result is not None)

        return read


def load(read: Callable[[Any], T], part: Part) -> T:
    """Read JSON.

    Raises:
        NotDigitserveError: If it is none, or of another form.
    """
    response, text = part
    try:
        return read(json.loads(text))
    except (KeyError, TypeError, ValueError) as cause:
        raise NotDigitserveError(
            f"{response.url} answered with status {response.status_code}, but not as digitserve does. "
            "Give the URL that `digitserve serve` prints."
        ) from cause


def pause_s(retries: Retries, attempt: int, outcome: Outcome) -> float:
    """Return the wait in seconds before the next attempt, or raise what this one came to.

    Args:
        retries: When to ask again.
        attempt: The one that failed, from 1.
        outcome: What came of it; an answer's body is read.
    """
    delay_s = retries.delay_s(attempt, outcome)
    if delay_s is not None:
        return delay_s
    if isinstance(outcome, httpx.Response):
        raise load(_read_refusal, (outcome, outcome.content))
    raise outcome


def _read_refusal(problem: Mapping[str, Any]) -> ServiceError:
    """Read what a request was refused with; a problem of another service has another type."""
    if not str(problem["type"]).startswith(PROBLEM_PREFIX):
        raise ValueError
    return ServiceError(problem)


def read_item(answer: Mapping[str, Any]) -> Prediction | ServiceError:
    """Read a line of `/predict/batch`: what is on an image, or why it could not be used."""
    return ServiceError(answer["problem"]) if "problem" in answer else Prediction.from_json(answer)


def describe_batch(
    images: Iterable[ImageSource], model: str | None
) -> Call[Prediction | ServiceError]:
    """Describe the call for the digits on many images, sent as files of a form."""
    read = partial(load, read_item)
    return Call("predict/batch", read, {"model": model}, {"files": to_parts(images)})


def read_event(on_progress: OnProgress | None, part: Part) -> Evaluation | None:
    """Read an event of `/evaluate`: how far it is, or the result.

    Raises:
        ServiceError: If the evaluation failed.
    """
    response, text = part
    event = dict(line.partition(b": ")[::2] for line in text.splitlines())
    data = (response, event.get(b"data", b""))
    match event.get(b"event"):
        case b"error":
            raise load(ServiceError, data)
        case b"result":
            return load(Evaluation.from_json, data)
        case b"progress" if on_progress is not None:
            on_progress(*load(itemgetter("done", "total"), data))
    return None
