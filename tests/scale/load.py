"""Load on a cluster: threads that ask through every proxy, again where an answer did not come."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx

MAX_TRIES = 60
PAUSE_S = 0.25  # between two tries
TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Failure:
    """A try that brought no answer with 200.

    Attributes:
        at_s: When it failed, by the monotonic clock, in seconds.
        url: Of the proxy.
        status: Of the answer, or None where none came.
        text: What came.
    """

    at_s: float
    url: str
    status: int | None
    text: str

    @property
    def may_be_repeated(self) -> bool:
        """Whether it is the cluster's doing, and not the request's."""
        return self.status is None or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR


@dataclass
class Load:
    """What became of the requests.

    Attributes:
        upload: What is asked about.
        urls: Of the proxies, which take turns; one that is lost stays in its turn, and costs another try.
        answers: Answers with 200: the model's version each.
        failures: Whatever else came, first tries and others.
        lost: The last failure of each request that never got its answer.
    """

    upload: bytes
    urls: list[str]
    answers: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    lost: list[Failure] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, first: int) -> None:
        """Ask one request after the other until it stops, at the proxies in turn."""
        with httpx.Client(timeout=TIMEOUT_S) as client:
            urls = itertools.cycle(self.urls[first:] + self.urls[:first])
            while not self.stop.is_set():
                self._ask(client, urls)

    def _ask(self, client: httpx.Client, urls: Iterator[str]) -> None:
        """Ask once, and again until there is an answer."""
        for _ in range(MAX_TRIES):
            url = next(urls)
            try:
                answer = client.post(f"{url}/predict", content=self.upload)
                if answer.status_code == HTTPStatus.OK:
                    self.answers.append(answer.json()["model"]["version"])
                    return
                status, text = answer.status_code, answer.text[:200]
            except httpx.TransportError as error:
                status, text = None, repr(error)
            self.failures.append(Failure(time.monotonic(), url, status, text))
            time.sleep(PAUSE_S)
        self.lost.append(self.failures[-1])

    def failures_beside(self, begin_s: float, end_s: float, lost_url: str = "") -> list[Failure]:
        """Return the failures that a loss does not explain.

        Args:
            begin_s: When something was killed.
            end_s: When the cluster had noticed and replaced it.
            lost_url: Of a proxy that was lost with it, and cannot be reached ever after.
        """
        return [
            failure
            for failure in self.failures
            if not failure.may_be_repeated
            or failure.at_s < begin_s
            or (failure.at_s > end_s and failure.url != lost_url)
        ]

    def wait_for_answers(self, count: int) -> None:
        """Wait until so many more have come."""
        target, deadline = len(self.answers) + count, time.monotonic() + 4 * TIMEOUT_S
        while len(self.answers) < target:
            assert time.monotonic() < deadline, self.failures[-3:]
            time.sleep(0.05)


@contextmanager
def running_load(urls: list[str], upload: bytes, *, num_threads: int = 6) -> Iterator[Load]:
    """Ask for as long as the context lasts, and wait for the last answers."""
    load = Load(upload, list(urls))
    threads = [
        threading.Thread(target=load.run, args=(number % len(urls),))
        for number in range(num_threads)
    ]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stop.set()
        for thread in threads:
            thread.join()
