"""Digits that arrive at once, in batches of one engine."""

import asyncio
import itertools
import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import DeadlineError
from service.inference import batching
from service.inference.batching import Batcher
from service.inference.models import Models
from service.intake.admission import Gate, Place
from service.preprocessing import UploadLimits, preprocess
from service.resources import Resources
from service.settings import Settings
from service.telemetry.request_record import RequestRecord
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, load_model

Digits = npt.NDArray[np.uint8]
Probabilities = npt.NDArray[np.float32]
POISON = 255
SIZES = (1, 2, 4, 8, 16, 32)


class _Engine:
    """Answers each digit with its number, fails on a poisoned one, and notes what it was called with.

    Attributes:
        batch_sizes: That it wants.
        sizes: Of every batch.
        threads: That called it, in order.
        is_free: While it is cleared, calls wait.
    """

    name, device = "test", "cpu"

    def __init__(self, batch_sizes: tuple[int, ...] = SIZES) -> None:
        self.batch_sizes = batch_sizes
        self.sizes: list[int] = []
        self.threads: list[threading.Thread] = []
        self.is_free = threading.Event()
        self.is_free.set()

    def predict(self, images: Digits) -> Probabilities:
        """Answer a batch."""
        self.sizes.append(len(images))
        self.threads.append(threading.current_thread())
        assert self.is_free.wait(10)
        if (images == POISON).any():
            raise RuntimeError("poisoned")
        return np.repeat(_numbers(images)[:, np.newaxis], 10, axis=1)


def _numbers(digits: Digits) -> Probabilities:
    """Read the numbers that `_digit` wrote."""
    return digits.reshape(-1, 784)[:, 0] + digits.reshape(-1, 784)[:, 1] * np.float32(100)


def _digit(number: int) -> Digits:
    """Write a number below 10,000 into a digit."""
    digit = np.zeros((28, 28), np.uint8)
    digit[0, :2] = number % 100, number // 100
    return digit


def _ask_all(batcher: Batcher, digits: Sequence[Digits]) -> list[Probabilities | BaseException]:
    """Send digits at once, and return their answers or failures."""

    async def ask() -> list[Probabilities | BaseException]:
        return await asyncio.gather(*map(batcher.predict, digits), return_exceptions=True)

    return asyncio.run(ask())


@pytest.fixture
def engine() -> _Engine:
    """An engine that is free."""
    return _Engine()


@pytest.fixture
def batcher(engine: _Engine) -> Batcher:
    """A batcher of that engine."""
    return Batcher(engine)


class TestAnswers:
    """Who gets what."""

    @given(
        st.lists(st.integers(0, 9_999), max_size=200),
        st.sampled_from([SIZES, (1, 2, 3, 4, 5, 6, 7, 8), (1,)]),
    )
    def test_each_gets_its_own(self, numbers: list[int], sizes: tuple[int, ...]) -> None:
        """Any number of digits at once, each gets its own answer, in batches of known sizes."""
        engine = _Engine(sizes)
        batcher = Batcher(engine)

        answers = _ask_all(batcher, [_digit(number) for number in numbers])
        batcher.close()

        assert [answer[0] for answer in answers if isinstance(answer, np.ndarray)] == numbers
        assert set(engine.sizes) <= set(sizes)

    def test_poisoned_batch(self, batcher: Batcher) -> None:
        """A failure is that of its batch alone, and the next batch goes on."""
        poison = np.full((28, 28), POISON, np.uint8)

        answers = _ask_all(batcher, [*[_digit(3)] * 31, poison, _digit(5)])

        assert all(isinstance(answer, RuntimeError) for answer in answers[:32])
        assert isinstance(answers[32], np.ndarray)
        assert answers[32].tolist() == [5] * 10

    def test_too_few_rows(self) -> None:
        """An engine that answers for fewer than it was asked fails the batch, and nobody waits on."""

        class Halving(_Engine):
            def predict(self, images: Digits) -> Probabilities:
                return super().predict(images)[: len(images) // 2]

        batcher = Batcher(Halving())

        answers = _ask_all(batcher, [_digit(1), _digit(2)])

        assert [type(answer) for answer in answers] == [IndexError] * 2

    def test_client_that_leaves(self, engine: _Engine, batcher: Batcher) -> None:
        """One who leaves while waiting costs the engine nothing; one who leaves later spoils nothing."""

        async def ask() -> list[Probabilities]:
            engine.is_free.clear()
            running, beside = _start(batcher, 1), _start(batcher, 2)
            await _until(lambda: engine.sizes == [2])
            waiting, other = _start(batcher, 3), _start(batcher, 4)
            await asyncio.sleep(0)
            running.cancel()
            waiting.cancel()
            engine.is_free.set()
            return [await beside, await other]

        assert [answer[0] for answer in asyncio.run(ask())] == [2, 4]
        assert engine.sizes == [2, 1]

    def test_only_client_leaves_at_once(self, engine: _Engine, batcher: Batcher) -> None:
        """The engine is not called for nobody, and is ready for the next."""

        async def ask() -> Probabilities:
            leaving = _start(batcher, 1)
            await asyncio.sleep(0)  # it has sent its digit; the batch starts a turn later
            leaving.cancel()
            await asyncio.sleep(0.01)
            return await batcher.predict(_digit(2))

        assert asyncio.run(ask())[0] == 2
        assert engine.sizes == [1]

    def test_client_that_leaves_a_poisoned_batch(self, engine: _Engine, batcher: Batcher) -> None:
        """A failure that meets a client who left is no further failure."""

        async def ask() -> Probabilities:
            engine.is_free.clear()
            poisoned = asyncio.create_task(batcher.predict(np.full((28, 28), POISON, np.uint8)))
            beside = _start(batcher, 1)
            await _until(lambda: engine.sizes == [2])
            poisoned.cancel()
            beside.cancel()
            engine.is_free.set()
            return await batcher.predict(_digit(6))

        assert asyncio.run(ask())[0] == 6


class TestBatches:
    """What forms a batch."""

    def test_idle_engine_is_called_at_once(self, engine: _Engine, batcher: Batcher) -> None:
        """A single digit is a batch of one: it waits for nobody, and pays for no thread."""
        for number in range(3):
            _ask_all(batcher, [_digit(number)])

        assert engine.sizes == [1, 1, 1]
        assert set(engine.threads) == {threading.main_thread()}

    def test_slow_engine(self) -> None:
        """One that is found to be slow computes even a single digit beside the loop."""

        class Slow(_Engine):
            def predict(self, images: Digits) -> Probabilities:
                time.sleep(0.002)
                return super().predict(images)

        engine = Slow()
        batcher = Batcher(engine)
        batcher.warm_up()

        _ask_all(batcher, [_digit(1)])

        assert engine.sizes[-1] == 1
        assert threading.main_thread() not in engine.threads

    def test_what_arrives_meanwhile(self, engine: _Engine, batcher: Batcher) -> None:
        """Digits that arrive while a batch runs form the next one, filled up to a known size."""

        async def ask() -> None:
            engine.is_free.clear()
            first = [_start(batcher, number) for number in range(2)]
            await _until(lambda: engine.sizes == [2])
            others = [_start(batcher, number) for number in range(5)]
            await asyncio.sleep(0)
            engine.is_free.set()
            await asyncio.gather(*first, *others)

        asyncio.run(ask())

        assert engine.sizes == [2, 8]
        assert threading.main_thread() not in engine.threads

    def test_loop_is_free_meanwhile(self, engine: _Engine, batcher: Batcher) -> None:
        """While a batch computes, the event loop goes on; it reads the uploads that come next."""

        async def ask() -> None:
            engine.is_free.clear()
            batch = [_start(batcher, number) for number in range(2)]
            await _until(lambda: engine.sizes == [2])
            assert not any(answer.done() for answer in batch)  # and this line runs
            engine.is_free.set()
            await asyncio.gather(*batch)

        asyncio.run(ask())

    def test_one_at_a_time(self) -> None:
        """An engine that takes one digit at a time leaves the loop free while others wait."""
        engine = _Engine((1,))
        batcher = Batcher(engine)

        _ask_all(batcher, [_digit(number) for number in range(4)])

        assert engine.sizes == [1, 1, 1, 1]
        assert [thread is threading.main_thread() for thread in engine.threads] == [
            False,
            False,
            False,
            True,
        ]


class TestAlone:
    """A digit that is known to be alone."""

    def test_is_computed_at_once(self, engine: _Engine, batcher: Batcher) -> None:
        """It does not wait for another turn of the event loop."""

        async def ask() -> bool:
            alone = asyncio.create_task(batcher.predict(_digit(3), is_alone=True))
            await asyncio.sleep(0)
            return alone.done() and alone.result()[0] == 3

        assert asyncio.run(ask())
        assert engine.sizes == [1]

    def test_slow_engine(self) -> None:
        """A slow engine computes it in its thread, where the loop does not wait for it."""

        class Slow(_Engine):
            def predict(self, images: Digits) -> Probabilities:
                time.sleep(0.002)
                return super().predict(images)

        engine = Slow((1,))
        batcher = Batcher(engine)
        batcher.warm_up()

        asyncio.run(batcher.predict(_digit(3), is_alone=True))

        assert engine.threads[-1] is not threading.main_thread()

    def test_busy_engine(self, engine: _Engine, batcher: Batcher) -> None:
        """While a batch runs, it waits for its turn: the engine is called for one batch at a time."""

        async def ask() -> None:
            engine.is_free.clear()
            batch = [_start(batcher, number) for number in range(2)]
            await _until(lambda: engine.sizes == [2])
            alone = asyncio.create_task(batcher.predict(_digit(3), is_alone=True))
            await asyncio.sleep(0.01)
            assert engine.sizes == [2]
            engine.is_free.set()
            await asyncio.gather(*batch, alone)

        asyncio.run(ask())

        assert engine.sizes == [2, 1]

    def test_record(self, batcher: Batcher) -> None:
        """It has not waited, and is a batch of one."""
        record = RequestRecord()

        asyncio.run(batcher.predict(_digit(3), record=record, is_alone=True))

        assert (record.queue_s, record.batch_size) == (0, 1)
        assert record.model_s is not None

    def test_unwanted(self, engine: _Engine, batcher: Batcher) -> None:
        """What is not wanted any more is not computed."""

        def refuse() -> None:
            raise LookupError("too late")

        with pytest.raises(LookupError):
            asyncio.run(batcher.predict(_digit(3), refuse, is_alone=True))

        assert engine.sizes == []


class TestUnwanted:
    """Digits that are not wanted any more when their turn comes."""

    def test_is_not_computed(self, engine: _Engine, batcher: Batcher) -> None:
        """Who asked is told why, and the others in the queue are answered."""

        def refuse() -> None:
            raise LookupError("too late")

        async def ask() -> tuple[Probabilities | BaseException, ...]:
            late = [batcher.predict(_digit(number), refuse) for number in range(2)]
            wanted = batcher.predict(_digit(7))
            return await asyncio.gather(late[0], wanted, late[1], return_exceptions=True)

        first, answer, last = asyncio.run(ask())

        assert [type(first), type(last)] == [LookupError] * 2
        assert isinstance(answer, np.ndarray)
        assert answer[0] == 7
        assert engine.sizes == [1]

    @pytest.mark.parametrize("hangs", [True, False])
    def test_engine_that_hangs(
        self, hangs: bool, engine: _Engine, batcher: Batcher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who is in its batch is told that their time ran out; the others wait on.

        What an engine computes that is only slow had begun in time, and is answered.
        """
        monkeypatch.setattr(batching, "HANGS_S", -1.0 if hangs else 60.0)
        place, patient = Gate(9).enter(0), Gate(9).enter(math.inf)

        async def hang() -> list[Probabilities | BaseException]:
            engine.is_free.clear()
            checks = (lambda: None, _late(place), patient.check, _late(place))
            tasks = [
                asyncio.create_task(batcher.predict(_digit(number), check))
                for number, check in enumerate(checks)
            ]
            await _until(lambda: bool(engine.sizes))
            batcher.drop_unwanted()
            done, _ = await asyncio.wait(
                tasks, timeout=5 if hangs else 0.1, return_when=asyncio.FIRST_EXCEPTION
            )
            assert done <= {tasks[1], tasks[3]}
            engine.is_free.set()
            return await asyncio.gather(*tasks, return_exceptions=True)

        outcomes = asyncio.run(hang())

        assert [isinstance(outcome, DeadlineError) for outcome in outcomes] == [
            *(False, hangs, False, hangs)
        ]


def _late(place: Place) -> Callable[[], None]:
    """Return a check of a place that fails from its second call on."""
    calls = itertools.count()

    def check() -> None:
        if next(calls):
            place.check()

    return check


class TestModels:
    """Which models are asked in batches."""

    def test_every_model_has_a_warm_batcher(self) -> None:
        """Whatever its engine; no client waits for a first time."""

        class Noting(FakeEngine):
            sizes: ClassVar[list[int]] = []

            def predict(self, images: Digits) -> Probabilities:
                self.sizes.append(len(images))
                return super().predict(images)

        models = Models({"digits": load_model(Noting())}, "digits")
        Noting.sizes.clear()  # of the self-test

        models.warm_up()
        models.close()

        assert Noting.sizes[: len(Noting.batch_sizes)] == list(Noting.batch_sizes)

    def test_same_prediction(self) -> None:
        """A model in batches says what it says without."""
        model = load_model(FakeEngine())
        seen = preprocess(encode(draw()), UploadLimits())
        batched = Resources(Settings(), Models({"digits": model}, "digits"))

        prediction = asyncio.run(batched.predict(model, seen, Gate(1).enter(math.inf)))

        assert prediction.probabilities.tolist() == model.predict(seen).probabilities.tolist()
        assert prediction.seen is seen


async def _until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.001)


def _start(batcher: Batcher, number: int) -> asyncio.Task[Probabilities]:
    """Send a digit, and go on."""
    return asyncio.create_task(batcher.predict(_digit(number)))
