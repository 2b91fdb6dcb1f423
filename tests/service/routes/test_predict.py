"""How `/predict` treats small and large uploads."""

import threading
from typing import Any

import pytest
from PIL import Image

from service.preprocessing import OpenedImage, Picture
from service.routes.predict import INLINE_PIXELS
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, load_model

SMALL, LARGE = (280, 280), (600, 500)


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

        answer = ask(model, "POST", "/predict", content=encode(draw(size=size)))

        assert answer.json()["class"] == 7
        assert openings == ["PNG"]

    @pytest.mark.parametrize(
        ("size", "is_in_thread"), [(SMALL, False), (LARGE, True)], ids=["small", "large"]
    )
    def test_large_pictures_are_decoded_in_a_thread(
        self, size: tuple[int, int], is_in_thread: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Pictures over the bound leave the event loop free; smaller ones save the hop."""
        threads, genuine = [], OpenedImage.decode

        def note_and_decode(image: OpenedImage) -> Picture:
            threads.append(threading.current_thread())
            return genuine(image)

        monkeypatch.setattr(OpenedImage, "decode", note_and_decode)

        ask(load_model(FakeEngine()), "POST", "/predict", content=encode(draw(size=size)))

        assert (size[0] * size[1] > INLINE_PIXELS) == is_in_thread
        assert [thread is not threading.main_thread() for thread in threads] == [is_in_thread]
