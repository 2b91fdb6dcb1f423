"""The images of one request, recognised the way of an upload."""

import asyncio
import base64
import math
import threading
import tracemalloc
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from service.batches import BatchEntry, canonicalise_entries
from service.errors import DeadlineError, ProtocolError, UnsupportedMediaError, UploadTooLargeError
from service.inference.models import Models
from service.inference.recognition import Prediction
from service.intake import admission
from service.intake.admission import ClientLeftError, Gate, Place
from service.preprocessing import OpenedImage, Picture
from service.protocols import recognising
from service.protocols.recognising import Images, Pictures, decode_base64, recognise
from service.resources import Resources
from service.settings import Settings
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, load_model

SEVEN = encode(draw())


def make_resources(engine: FakeEngine | None = None, **settings: Any) -> Resources:
    """Make resources with one model of a fake engine, and two threads that decode."""
    model = load_model(FakeEngine())
    model.engine = engine or model.engine
    models = Models({"digits": model}, "digits")
    return Resources(Settings(**settings), models)


def _recognise(
    images: Images,
    engine: FakeEngine | None = None,
    place: Place | None = None,
    resources: Resources | None = None,
    **settings: Any,
) -> list[Prediction]:
    """Recognise images with a fake engine."""
    resources = resources or make_resources(engine, **settings)
    place = place or Gate(1).enter(math.inf)
    return asyncio.run(recognise(resources, resources.models.find(None), images, place))


@pytest.mark.parametrize("num_images", [1, 2, 40])
def test_every_image_is_answered_in_order(num_images: int) -> None:
    """Digits reach the engine as they are, pictures as preprocessing leaves them; the order is kept."""
    digits = np.zeros((num_images, 28, 28), np.uint8)
    digits[:, 0, 0] = np.arange(num_images)

    seen = [prediction.seen.image for prediction in _recognise(digits)]
    read = _recognise(Pictures([SEVEN] * num_images))

    assert np.array_equal(np.stack(seen), digits)
    assert [prediction.digit for prediction in read] == [7] * num_images


@pytest.mark.parametrize(
    ("num_images", "batch_sizes"), [(1, {1: 1}), (2, {1: 2}), (40, {16: 2, 8: 1})]
)
def test_statistics(
    num_images: int, batch_sizes: dict[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps are timed, and each call of the engine counts by the digits in it."""
    monkeypatch.setattr(recognising, "TURN_S", math.inf)
    resources = make_resources()

    _recognise(Pictures([SEVEN] * num_images), resources=resources)

    counts = resources.inference_statistics.by_version["digits", "1"]
    steps = counts.success, counts.queue, counts.compute_input, counts.compute_infer
    assert [step.count for step in steps] == [1, 1, 1, 1]
    assert min(step.ns for step in steps) > 0
    assert {size: calls.count for size, calls in counts.by_batch_size.items()} == batch_sizes


def test_only_picture_that_cannot_be_used() -> None:
    """It fails as an upload does."""
    with pytest.raises(UnsupportedMediaError):
        _recognise(Pictures([b"text"]))


def test_one_of_several_that_cannot_be_used() -> None:
    """It spoils the request, and is named."""
    with pytest.raises(ProtocolError, match=r"^Picture 1, counted from 0: "):
        _recognise(Pictures([SEVEN, b"text", b"text"]))


def test_engine_that_fails() -> None:
    """A failure of ours among several images stays what it is."""
    engine = FakeEngine()
    engine.failure = RuntimeError("the device is gone")

    with pytest.raises(RuntimeError, match="the device is gone"):
        _recognise(Pictures([SEVEN] * 2), engine)


@pytest.mark.parametrize("images", [np.zeros((40, 28, 28), np.uint8), Pictures([SEVEN] * 40)])
@pytest.mark.parametrize("error", [DeadlineError, ClientLeftError])
def test_unwanted(images: Images, error: type[Exception]) -> None:
    """Images whose turn comes after the deadline, or after the client has left, are not computed."""
    engine = FakeEngine()
    engine.failure = RuntimeError("nothing was to be computed")
    place = Gate(1).enter(0)
    if error is ClientLeftError:
        place.leave()

    with pytest.raises(error):
        _recognise(images, engine, place)


def test_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures that take longer than a turn are read in several, and keep their order."""
    sizes: list[int] = []
    genuine = canonicalise_entries

    def note(entries: Sequence[BatchEntry], *arguments: Any, **more: Any) -> list[Any]:
        sizes.append(len(entries))
        return genuine(entries, *arguments, **more)

    monkeypatch.setattr(recognising, "TURN_S", 0.0)
    monkeypatch.setattr(recognising, "canonicalise_entries", note)

    assert [one.digit for one in _recognise(Pictures([SEVEN] * 6))] == [7] * 6
    assert sorted(sizes) == [1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("num_threads", [1, 2])
def test_deadline_is_for_the_start(num_threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of a request whose work began in time are all answered, though its time runs out meanwhile."""
    now, genuine = [0.0], OpenedImage.decode
    monkeypatch.setattr(admission, "time", SimpleNamespace(monotonic=lambda: now[0]))
    place = Gate(1).enter(10)

    def decode_for_long(image: OpenedImage) -> Picture:
        now[0] += 60
        return genuine(image)

    monkeypatch.setattr(OpenedImage, "decode", decode_for_long)
    resources = make_resources(decode_threads=num_threads)

    answered = _recognise(Pictures([SEVEN] * 20), place=place, resources=resources)

    assert [one.digit for one in answered] == [7] * 20


def test_client_that_leaves_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the pictures in work none is decoded any more for a client that has left."""
    place, decoded, genuine = Gate(1).enter(math.inf), [], OpenedImage.decode

    def decode_and_leave(image: OpenedImage) -> Picture:
        decoded.append(image)
        place.leave()
        return genuine(image)

    monkeypatch.setattr(OpenedImage, "decode", decode_and_leave)

    with pytest.raises(ClientLeftError):
        _recognise(Pictures([SEVEN] * 32), place=place)
    assert len(decoded) <= 2


@pytest.mark.parametrize("num_files", [1, 2])
def test_large_files(num_files: int) -> None:
    """No picture may have more bytes than an upload."""
    with pytest.raises(UploadTooLargeError):
        _recognise(Pictures([SEVEN] * num_files), max_upload_bytes=len(SEVEN) - 1)


@pytest.mark.parametrize(("size", "is_in_thread"), [((280, 280), False), ((800, 600), True)])
def test_large_pictures_are_decoded_in_a_thread(
    size: tuple[int, int], is_in_thread: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the protocol, photos leave the event loop free."""
    threads, genuine = [], OpenedImage.decode

    def note_and_decode(image: OpenedImage) -> Picture:
        threads.append(threading.current_thread())
        return genuine(image)

    monkeypatch.setattr(OpenedImage, "decode", note_and_decode)

    _recognise(Pictures([encode(draw(size=size))]))

    assert [thread is not threading.main_thread() for thread in threads] == [is_in_thread]


def test_base64_of_breaks() -> None:
    """A text of line breaks takes about its own size, not an object for each piece between them."""
    text = "AA " * 1_000_000
    tracemalloc.start()

    decode_base64(text)

    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 4 * len(text)


def test_base64() -> None:
    """Base64 may have line breaks, as command line tools write them; other text is refused."""
    assert decode_base64(base64.encodebytes(SEVEN).decode()) == SEVEN
    for text in ("a", "a===", "ä", "a-b_"):
        with pytest.raises(ProtocolError):
            decode_base64(text)
