"""A replica: one worker with one core, which takes requests in order, a bounded number of them at once.

request -> room? -> time that is left when its turn comes? -> work -> answer

The queue is not walked through step by step: when a request comes, those in front of it tell when its turn will be.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import simpy

from benchmarks.simulation.requests import Outcome, Request

MAX_RETRY_AFTER_S = 60  # as service.intake.admission


@dataclass(frozen=True)
class Bounds:
    """What a worker takes in.

    Attributes:
        max_waiting: `DIGITSERVE_MAX_WAITING`.
        timeout_s: `DIGITSERVE_REQUEST_TIMEOUT_MS`, in seconds.
        refusal_s: How long refusing a request keeps the worker from its work, in seconds.
    """

    max_waiting: int = 128
    timeout_s: float = 10.0
    refusal_s: float = 0.0


class Replica:
    """One worker.

    Args:
        env: The simulation.
        draw_s: Gives the time that the next request keeps the worker busy, in seconds.
        bounds: What it takes in.
        zone: Where it stands.

    Attributes:
        zone: Where it stands.
        num_taken: Requests that are in work or wait.
        slowness: How many times as long as usual its work takes.
        is_ready: Whether its probe of readiness would succeed.
        is_silent: Whether its network has gone: it answers nothing, and connections to it are not even refused.
    """

    def __init__(
        self, env: simpy.Environment, draw_s: Callable[[], float], bounds: Bounds, zone: int = 0
    ) -> None:
        self.zone = zone
        self.num_taken = 0
        self.slowness = 1.0
        self.is_ready = True
        self.is_silent = False
        self._env = env
        self._draw_s = draw_s
        self._bounds = bounds
        self._free_at_s = 0.0
        self._in_work: set[Request] = set()

    def take(self, request: Request, deliver: Callable[[Request, Outcome], None]) -> None:
        """Take a request in, or refuse it at once.

        Args:
            request: It.
            deliver: Told once how it ended, unless the replica falls silent.
        """
        if not self.is_ready:
            deliver(request, Outcome.LOST)
            return
        if self.num_taken >= self._bounds.max_waiting:
            self._free_at_s = max(self._env.now, self._free_at_s) + self._bounds.refusal_s
            request.retry_after_s = self._retry_after_s()
            deliver(request, Outcome.REFUSED)
            return
        self.num_taken += 1
        self._in_work.add(request)
        now_s = self._env.now
        start_s = max(now_s, self._free_at_s)
        if start_s >= now_s + self._bounds.timeout_s:
            self._after(start_s - now_s, request, Outcome.EXPIRED, deliver)
            return
        self._free_at_s = start_s + self._draw_s() * self.slowness
        self._after(self._free_at_s - now_s, request, Outcome.ANSWERED, deliver)

    def leave(self, request: Request) -> None:
        """Free the place of a client that has gone; work that it had in front of others still keeps them waiting."""
        if request in self._in_work:
            self._in_work.remove(request)
            self.num_taken -= 1

    def kill(self) -> list[Request]:
        """End it as a crash does; return what it had, whose connections break."""
        self.is_ready = False
        return self._drop()

    def silence(self) -> None:
        """Cut its network: what it had is never answered."""
        self.is_ready = False
        self.is_silent = True
        self._drop()

    def _after(
        self,
        delay_s: float,
        request: Request,
        outcome: Outcome,
        deliver: Callable[[Request, Outcome], None],
    ) -> None:
        """Deliver an outcome later, unless the replica has lost the request by then."""

        def end(_event: object) -> None:
            if request in self._in_work:
                self.leave(request)
                request.retry_after_s = self._retry_after_s()
                deliver(request, outcome)

        self._env.timeout(delay_s).callbacks.append(end)

    def _drop(self) -> list[Request]:
        """Forget all that it has."""
        dropped, self._in_work = list(self._in_work), set()
        self.num_taken = 0
        return dropped

    def _retry_after_s(self) -> float:
        """Whole seconds until those who have a place now will be done, as service.intake.admission tells them."""
        wait_s = math.ceil(self._free_at_s - self._env.now)
        return float(min(max(1, wait_s), MAX_RETRY_AFTER_S))
