"""Who is let in, until when, and when the others may come again."""

import math
from collections.abc import Callable

import pytest

from service.errors import DeadlineError, OverloadedError
from service.intake import admission
from service.intake.admission import ClientLeftError, Gate, Place
from tests.service.clocks import StoppedClock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    """The clock that admission reads."""
    clock = StoppedClock()
    monkeypatch.setattr(admission, "time", clock)
    return clock


def _fill(gate: Gate) -> list[Place]:
    """Take every place of a gate."""
    return [gate.enter(math.inf) for _ in range(gate.capacity)]


class TestGate:
    """`Gate`."""

    def test_bound(self) -> None:
        """So many are let in, and one more is refused with the bound in its message."""
        gate = Gate(2)
        _fill(gate)

        with pytest.raises(OverloadedError, match=r"^2 requests of this kind"):
            gate.enter(1)
        assert gate.num_taken == 2

    @pytest.mark.parametrize("give_up", [Place.free, Place.leave], ids=["answered", "left"])
    def test_place_that_comes_free(self, give_up: Callable[[Place], None]) -> None:
        """A place given up, twice even, lets exactly one in."""
        gate = Gate(2)
        place, _ = _fill(gate)

        give_up(place)
        give_up(place)

        gate.enter(1)
        with pytest.raises(OverloadedError):
            gate.check_room()

    def test_a_client_that_leaves_after_its_answer(self) -> None:
        """It gives up nothing a second time."""
        gate = Gate(2)
        place, _ = _fill(gate)

        place.free()
        place.leave()

        assert gate.num_taken == 1


class TestLongestWait:
    """`Gate` with a bound of the wait."""

    @pytest.mark.parametrize(("interval_s", "num_admitted"), [(0.001, 20), (0.005, 5), (0.5, 2)])
    def test_rate_of_late(self, interval_s: float, num_admitted: int, clock: StoppedClock) -> None:
        """So many are admitted as are done within 20 ms by the rate of late, and always two."""
        gate = Gate(50, max_wait_s=0.0201)
        for _ in range(500):
            place = gate.enter(math.inf)
            clock.now += interval_s
            place.free()

        for _ in range(num_admitted):
            gate.enter(math.inf)
        while gate.num_taken * interval_s <= 0.0201:
            gate.enter(math.inf)

        with pytest.raises(
            OverloadedError, match=r"longer than the 20\.1 ms that one more may wait"
        ):
            gate.enter(math.inf)

    def test_nothing_known(self) -> None:
        """Before anything was answered nobody is refused for its wait."""
        gate = Gate(50, max_wait_s=0.001)

        _fill(gate)

        assert gate.num_taken == 50


class TestRetryAfter:
    """`Gate.retry_after_s`."""

    @pytest.mark.parametrize(
        ("interval_s", "seconds"), [(0.005, 1), (0.1, 5), (0.5, 25), (30.0, 60)]
    )
    def test_rate_of_late(self, interval_s: float, seconds: int, clock: StoppedClock) -> None:
        """It is the time that the places taken now will need, by the rate of late; 1 to 60 s."""
        gate = Gate(50)
        places = _fill(gate)

        for _ in range(500):
            clock.now += interval_s
            places.pop().free()
            places.append(gate.enter(math.inf))

        with pytest.raises(OverloadedError) as refusal:
            gate.check_room()
        assert refusal.value.retry_after_s == seconds

    @pytest.mark.parametrize("num_answered", [1, 2, 40])
    def test_first_answers(self, num_answered: int, clock: StoppedClock) -> None:
        """What few answers tell counts in full: after one evaluation of 45 s the next takes 45 s."""
        gate = Gate(1)
        for _ in range(num_answered):
            place = gate.enter(math.inf)
            clock.now += 45
            place.free()

        gate.enter(math.inf)

        assert gate.retry_after_s == 45

    def test_idle_time_does_not_count(self, clock: StoppedClock) -> None:
        """A quiet night tells nothing of how fast the work goes."""
        gate = Gate(50)
        for _ in range(100):
            clock.now += 3600
            place = gate.enter(math.inf)
            clock.now += 0.001
            place.free()

        _fill(gate)

        assert gate.retry_after_s == 1

    def test_clients_that_leave_do_not_count(self, clock: StoppedClock) -> None:
        """Nobody was served by their leaving."""
        gate = Gate(4)
        _, *leaving = _fill(gate)
        clock.now += 1000

        for place in leaving:
            place.leave()

        assert gate.retry_after_s == 1


class TestPlace:
    """`Place`."""

    @pytest.mark.parametrize(
        ("requests", "is_alone"), [(None, False), ({1}, True), ({1, 2}, False)]
    )
    def test_server_alone(self, requests: set[int] | None, is_alone: bool) -> None:
        """Its request is known to be the only one where the server tells that it has no other."""
        assert Gate(2).enter(1, requests=requests).has_server_alone is is_alone

    def test_deadline(self, clock: StoppedClock) -> None:
        """Work may begin until the deadline, and not from then on."""
        place = Gate(1).enter(0.5)

        clock.now += 0.499
        place.check()
        clock.now += 0.001

        with pytest.raises(DeadlineError, match="ran out before its work began"):
            place.check()
        place.check_client()  # what has begun goes on

    def test_no_deadline(self, clock: StoppedClock) -> None:
        """Without a bound, work may always begin."""
        place = Gate(1).enter(math.inf)

        clock.now += 1e9

        place.check()

    @pytest.mark.parametrize("check", [Place.check, Place.check_client])
    def test_client_that_has_left(self, check: Callable[[Place], None]) -> None:
        """Nothing more is done for it."""
        place = Gate(1).enter(math.inf)

        place.leave()

        with pytest.raises(ClientLeftError):
            check(place)
