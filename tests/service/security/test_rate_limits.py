"""Rate limits, by a clock of the test's."""

import pytest

from service.errors import RateLimitError
from service.security import rate_limits
from service.security.rate_limits import RateLimit, RateLimiter
from tests.service.clocks import StoppedClock


@pytest.fixture
def clock() -> StoppedClock:
    """A clock."""
    return StoppedClock()


def _count_admitted(limiter: RateLimiter, client: str, num_requests: int) -> int:
    """Send requests of one client at once, and count those that are let through."""
    num_admitted = 0
    for _ in range(num_requests):
        try:
            limiter.admit(client)
        except RateLimitError:
            continue
        num_admitted += 1
    return num_admitted


class TestRead:
    """`RateLimit.read`."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("5/s", RateLimit(5, 1)),
            (" 600/min ", RateLimit(600, 60)),
            ("100000/h", RateLimit(100_000, 3600)),
        ],
    )
    def test_periods(self, text: str, expected: RateLimit) -> None:
        """Requests in a second, a minute or an hour."""
        assert RateLimit.read(text) == expected

    @pytest.mark.parametrize("text", ["", "600", "0/s", "-1/s", "1.5/s", "600/day", "600 / min"])
    def test_mistakes(self, text: str) -> None:
        """Anything else is refused, with an example."""
        with pytest.raises(ValueError, match="such as 600/min"):
            RateLimit.read(text)


class TestRateLimiter:
    """`RateLimiter`."""

    @pytest.mark.parametrize("num_requests", [1, 7, 600])
    def test_burst(self, clock: StoppedClock, num_requests: int) -> None:
        """As many requests as the limit says may come at once, and no more."""
        limiter = RateLimiter(RateLimit(num_requests, 60), clock.monotonic)

        assert _count_admitted(limiter, "a", num_requests + 5) == num_requests

    def test_refill(self, clock: StoppedClock) -> None:
        """Requests come back evenly, at most as many as the limit says."""
        limiter = RateLimiter(RateLimit(60, 60), clock.monotonic)
        _count_admitted(limiter, "a", 60)

        clock.now += 3
        after_3_s = _count_admitted(limiter, "a", 100)
        clock.now += 1000
        after_long = _count_admitted(limiter, "a", 100)

        assert (after_3_s, after_long) == (3, 60)

    def test_retry_after(self, clock: StoppedClock) -> None:
        """A refusal says in whole seconds when the next request is let through, and then it is."""
        limiter = RateLimiter(RateLimit(4, 60), clock.monotonic)
        _count_admitted(limiter, "a", 4)
        clock.now += 0.5

        with pytest.raises(RateLimitError) as caught:
            limiter.admit("a")

        assert caught.value.retry_after_s == 15  # 14.5, and not sooner
        clock.now += 15
        limiter.admit("a")

    def test_refusals_are_not_counted(self, clock: StoppedClock) -> None:
        """Who asks too often gets no less than the limit for it."""
        limiter = RateLimiter(RateLimit(2, 10), clock.monotonic)
        _count_admitted(limiter, "a", 100)

        clock.now += 5

        assert _count_admitted(limiter, "a", 100) == 1

    def test_clients_do_not_share(self, clock: StoppedClock) -> None:
        """A client that used up its own limit takes nothing from another."""
        limiter = RateLimiter(RateLimit(3, 60), clock.monotonic)
        _count_admitted(limiter, "a", 10)

        assert _count_admitted(limiter, "b", 10) == 3

    def test_memory_is_bounded(self, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of too many clients the one that was silent for longest is forgotten."""
        monkeypatch.setattr(rate_limits, "MAX_CLIENTS", 2)
        limiter = RateLimiter(RateLimit(1, 60), clock.monotonic)

        for client in ("a", "b", "a", "c"):
            _count_admitted(limiter, client, 1)

        assert [_count_admitted(limiter, client, 1) for client in ("a", "c", "b")] == [0, 0, 1]
