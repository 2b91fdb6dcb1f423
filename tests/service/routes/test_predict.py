"""How `/predict` treats small and large uploads."""

import math
import threading
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from PIL import Image

from service.intake import admission, discarding
from service.intake.turns import Turns
from service.preprocessing import CanonicalDigit, OpenedImage, Picture, canonicalise
from service.resources import Resources
from service.routes import predict
from service.routes.predict import INLINE_BYTES, INLINE_PIXELS, INLINE_PIXELS_ALONE
from service.settings import Settings
from tests.pictures import draw, encode
from tests.service.clocks import StoppedClock
from tests.service.in_process import FakeEngine, ask, load_model

SMALL, MIDDLE, LARGE = (280, 280), (640, 480), (800, 600)
LONG_S = 1_000.0  # longer than any request may wait


def _add_company(resources: Resources) -> None:
    """Admit another request."""
    resources.gate.enter(math.inf)


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files' formats, one for each time that a header is read."""
    formats, genuine = [], Image.open

    def note_and_open(*arguments: Any, **options: Any) -> Image.Image:
        image = genuine(*arguments, **options)
        formats.append(str(image.format))
        return image

    monkeypatch.setattr(Image, "open", note_and_open)
    return formats


class TestPredict:
    """`POST /predict`."""

    @pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
    def test_header_is_read_once(self, size: tuple[int, int], openings: list[str]) -> None:
        """One upload is opened once, be it decoded on the event loop or in a thread."""
        model = load_model(FakeEngine())

        answer = ask(model, "POST", "/predict", content=encode(draw(size=size), "JPEG"))

        assert answer.json()["class"] == 7
        assert openings == ["JPEG"]

    @pytest.mark.parametrize(
        ("size", "prepare", "in_threads"),
        [
            (SMALL, None, (False, False)),
            (SMALL, _add_company, (False, False)),
            (MIDDLE, None, (False, False)),
            (MIDDLE, _add_company, (True, False)),
            (LARGE, None, (True, True)),
        ],
        ids=["small", "small, in company", "middle", "middle, in company", "large"],
    )
    def test_large_pictures_go_to_threads(
        self,
        size: tuple[int, int],
        prepare: Callable[[Resources], None] | None,
        in_threads: tuple[bool, bool],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """There they are decoded and preprocessed; middling ones in company are decoded there; others save the hop."""
        threads, decode = [], OpenedImage.decode

        def note_and_decode(image: OpenedImage) -> Picture:
            threads.append(threading.current_thread())
            return decode(image)

        def note_and_preprocess(picture: Picture) -> CanonicalDigit:
            threads.append(threading.current_thread())
            return canonicalise(picture)

        monkeypatch.setattr(OpenedImage, "decode", note_and_decode)
        monkeypatch.setattr(predict, "canonicalise", note_and_preprocess)

        upload = encode(draw(size=size))
        ask(load_model(FakeEngine()), "POST", "/predict", content=upload, prepare=prepare)

        bound = INLINE_PIXELS if prepare else INLINE_PIXELS_ALONE
        assert (size[0] * size[1] > bound) == in_threads[0]
        assert tuple(thread is not threading.main_thread() for thread in threads) == in_threads

    def test_photo_that_nobody_waits_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """One whose time ran out while it waited for the event loop is not preprocessed."""
        clock = StoppedClock()
        monkeypatch.setattr(admission, "time", clock)
        seen = list[Picture]()
        wait = Turns.wait

        async def wait_long(turns: Turns) -> None:
            await wait(turns)
            clock.now += LONG_S

        monkeypatch.setattr(Turns, "wait", wait_long)
        monkeypatch.setattr(predict, "canonicalise", seen.append)

        answer = ask(
            load_model(FakeEngine()),
            "POST",
            "/predict",
            content=encode(draw(size=MIDDLE)),
            prepare=_add_company,
        )

        assert answer.status_code == 503
        assert answer.json()["type"].endswith("deadline-passed")
        assert seen == []

    @pytest.mark.parametrize("num_more", [0, 1])
    def test_headers_of_large_files_are_read_in_a_thread(
        self, num_more: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A file over the bound may hide many headers behind few pixels; it is opened off the event loop."""
        threads, genuine = [], Image.open

        def note_and_open(*arguments: Any, **options: Any) -> Image.Image:
            threads.append(threading.current_thread())
            return genuine(*arguments, **options)

        monkeypatch.setattr(Image, "open", note_and_open)
        upload = encode(draw(size=SMALL), "JPEG")
        upload += bytes(INLINE_BYTES - len(upload) + num_more)

        answer = ask(load_model(FakeEngine()), "POST", "/predict", content=upload)

        assert answer.json()["class"] == 7
        assert [thread is not threading.main_thread() for thread in threads] == [num_more > 0]

    def test_detail(self) -> None:
        """`?detail=true` adds what the model saw."""
        model = load_model(FakeEngine())

        answer = ask(model, "POST", "/predict?detail=true", content=encode(draw()))

        assert answer.json()["detail"]["canonical"].startswith("data:image/png;base64,")
        assert answer.json()["detail"]["steps"] == ["inverted", "cropped", "scaled", "shifted"]


class TestBound:
    """The bound on the body."""

    @pytest.fixture
    def settings(self, monkeypatch: pytest.MonkeyPatch) -> Settings:
        """At most 1 MiB, and nothing is read on for the sake of a client that is refused."""
        monkeypatch.setattr(discarding, "MAX_BYTES", 0)
        return Settings(max_upload_bytes=1024 * 1024)

    def test_announced(self, settings: Settings) -> None:
        """A body that is announced as too large is not read."""
        body = _UnreadBody()

        answer = ask(
            load_model(FakeEngine()),
            "POST",
            "/predict",
            settings=settings,
            content=body,
            headers={"content-length": "2000000"},
        )

        assert answer.status_code == 413
        assert "larger than 1 MiB" in answer.json()["detail"]
        assert body.num_chunks == 0

    def test_turns_out(self, settings: Settings) -> None:
        """A body of unknown length is read no further than the bound."""
        body = _UnreadBody()

        answer = ask(load_model(FakeEngine()), "POST", "/predict", settings=settings, content=body)

        assert answer.status_code == 413
        assert body.num_chunks == 5


class _UnreadBody:
    """An endless body in chunks of 256 KiB that counts how far it is read."""

    def __init__(self) -> None:
        self.num_chunks = 0

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        while True:
            self.num_chunks += 1
            yield bytes(256 * 1024)
