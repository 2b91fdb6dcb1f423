"""Clients: requests that fall due whatever the answers do, or so many clients that each wait for theirs.

due -> balancer -> answer, or a refusal and its Retry-After -> again, a few times -> Tally
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import simpy

from benchmarks.simulation.balancer import Balancer
from benchmarks.simulation.draws import Constant, Exponential, stream
from benchmarks.simulation.requests import Outcome, Request, Tally

Spacing = Literal["random", "even"]


@dataclass(frozen=True)
class ClientSettings:
    """How clients behave.

    Attributes:
        attempts: Most attempts at one request, the first counted; a client waits for Retry-After between two.
        timeout_s: After so long without an answer a client closes its connection, in seconds.
        overhead_s: What an answer takes beside the worker's time: network, balancer, sockets, in seconds.
    """

    attempts: int = 1
    timeout_s: float = 10.0
    overhead_s: float = 0.0


class Clients:
    """Sends requests and counts what becomes of them.

    Args:
        env: The simulation.
        balancer: Where to.
        settings: How.
        tally: What is counted.
        warm_up_s: Requests that fall due before are not counted.
    """

    def __init__(
        self,
        env: simpy.Environment,
        balancer: Balancer,
        settings: ClientSettings,
        tally: Tally,
        warm_up_s: float = 0.0,
    ) -> None:
        self.num_open = 0
        self._env = env
        self._balancer = balancer
        self._settings = settings
        self._tally = tally
        self._warm_up_s = warm_up_s
        self._waiting_since: dict[Request, float] = {}  # attempts without an outcome
        self._is_closed_loop = False
        env.process(self._give_up())

    def come(
        self,
        rates: Sequence[tuple[float, float]],
        until_s: float,
        spacing: Spacing,
        random: np.random.Generator,
    ) -> None:
        """Let requests fall due at a rate of its own in each part of the time.

        Args:
            rates: From when, in seconds, and how many a second; in order, the first from 0.
            until_s: When the last part ends.
            spacing: Whether they come by chance or evenly.
            random: The dice.
        """
        ends = [start_s for start_s, _ in rates[1:]] + [until_s]
        parts = [(rate, end_s) for (_, rate), end_s in zip(rates, ends, strict=True)]
        self._env.process(self._arrive(parts, spacing, random))

    def come_at(self, due_s: Sequence[float]) -> None:
        """Let requests fall due at these moments, in simulated seconds and in order."""
        self._env.process(self._arrive_at(due_s))

    def keep_asking(self, connections: int) -> None:
        """Let so many clients each send a request whenever the one before has ended."""
        self._is_closed_loop = True
        for _ in range(connections):
            self._ask()

    def _arrive(
        self, parts: list[tuple[float, float]], spacing: Spacing, random: np.random.Generator
    ) -> Generator[simpy.Event]:
        """Send requests through all parts of the time."""
        for rate, end_s in parts:
            gaps = Exponential(1 / rate) if spacing == "random" else Constant(1 / rate)
            draw_s = stream(gaps, random)
            while (gap_s := draw_s()) < end_s - self._env.now:
                yield self._env.timeout(gap_s)
                self._ask()
            yield self._env.timeout(end_s - self._env.now)

    def _arrive_at(self, due_s: Sequence[float]) -> Generator[simpy.Event]:
        """Send requests at these moments."""
        for at_s in due_s:
            yield self._env.timeout(at_s - self._env.now)
            self._ask()

    def _ask(self) -> None:
        """Make a request and send it."""
        request = Request(self._env.now, self._receive)
        self.num_open += 1
        self._tally.due += self._counts(request)
        self._send(request)

    def _send(self, request: Request) -> None:
        """Send an attempt."""
        request.attempts += 1
        request.dispatches = 0
        self._tally.attempts += self._counts(request)
        self._waiting_since[request] = self._env.now
        self._balancer.send(request)

    def _receive(self, request: Request, outcome: Outcome) -> None:
        """Take the end of an attempt."""
        del self._waiting_since[request]
        if outcome is Outcome.ANSWERED or request.attempts >= self._settings.attempts:
            self._end(request, outcome)
        else:
            again = self._env.timeout(request.retry_after_s)
            again.callbacks.append(lambda _: self._send(request))

    def _end(self, request: Request, outcome: Outcome) -> None:
        """Count a request that is over."""
        self.num_open -= 1
        if self._counts(request):
            self._tally.ended[outcome] += 1
            if outcome is Outcome.ANSWERED:
                waited_s = self._env.now - request.due_s
                self._tally.latencies_s.append(waited_s + self._settings.overhead_s)
                self._tally.due_at_s.append(request.due_s - self._warm_up_s)
        if self._is_closed_loop:
            pause = self._env.timeout(self._settings.overhead_s)
            pause.callbacks.append(lambda _: self._ask())

    def _counts(self, request: Request) -> bool:
        """Tell whether a request fell due after the warm-up."""
        return request.due_s >= self._warm_up_s

    def _give_up(self) -> Generator[simpy.Event]:
        """Close connections that have been silent for too long."""
        while True:
            yield self._env.timeout(self._settings.timeout_s / 10)
            for request, since_s in list(self._waiting_since.items()):
                if self._env.now - since_s < self._settings.timeout_s:
                    break  # those behind it were sent later
                self._balancer.forget(request)
                self._receive(request, Outcome.LOST)
