"""What all bodies take together."""

from typing import Any

import pytest

from service.errors import OverloadedError
from service.intake.body_memory import UNCOUNTED_BYTES, BodyMemory

LARGE = UNCOUNTED_BYTES + 1


@pytest.fixture
def memory() -> BodyMemory:
    """Room for two bodies of `LARGE` bytes."""
    return BodyMemory(2 * LARGE)


def request() -> dict[str, Any]:
    """The scope of a new request."""
    return {"state": {}}


class TestBodyMemory:
    """`BodyMemory`."""

    def test_full(self, memory: BodyMemory) -> None:
        """What finds no room is refused, with when to come again, and takes none."""
        memory.hold(request(), LARGE)
        memory.hold(request(), LARGE)

        with pytest.raises(OverloadedError, match="together") as caught:
            memory.hold(request(), LARGE)

        assert caught.value.retry_after_s == 1
        assert memory.held == 2 * LARGE

    def test_grows(self, memory: BodyMemory) -> None:
        """A body that comes piece by piece is counted once."""
        scope = request()

        memory.hold(scope, LARGE)
        memory.hold(scope, LARGE + 100)

        assert memory.held == LARGE + 100

    def test_given_back(self, memory: BodyMemory) -> None:
        """Once, when bodies were held and none is any more."""
        scope = request()

        asked = [memory.give_back()]
        memory.hold(scope, LARGE)
        asked.append(memory.give_back())
        memory.release(scope)
        asked += [memory.give_back(), memory.give_back()]

        assert asked == [False, False, True, False]

    def test_another_allocator(self, memory: BodyMemory, monkeypatch: pytest.MonkeyPatch) -> None:
        """One that cannot be asked is left alone."""
        monkeypatch.setattr("ctypes.CDLL", lambda _name: object())
        scope = request()
        memory.hold(scope, LARGE)
        memory.release(scope)

        assert memory.give_back()

    def test_released(self, memory: BodyMemory) -> None:
        """Once released, a body makes room; a second time nothing happens."""
        scope = request()
        memory.hold(scope, 2 * LARGE)

        memory.release(scope)
        memory.release(scope)

        assert memory.held == 0

    def test_small(self, memory: BodyMemory) -> None:
        """Small bodies are let pass, whatever is held."""
        memory.hold(request(), 2 * LARGE)

        memory.hold(request(), UNCOUNTED_BYTES)

        assert memory.held == 2 * LARGE
