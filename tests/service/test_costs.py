"""What starting and one upload cost, counted: modules, pixels, bytes, calls. Times are the benchmarks' matter."""

import asyncio
import gc
import json
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from anyio import to_thread
from PIL import Image, ImageFile
from pydantic import BaseModel
from starlette.types import Message

from service.app import create_app
from service.settings import Settings
from service.telemetry.bookkeeping import DELAY_S
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, load_model

MEGAPIXEL = 1_000_000
HEAVY = {
    *("tensorflow", "keras", "torch", "scipy", "sklearn", "pandas", "cv2", "skimage", "matplotlib"),
    *("training", "benchmarks", "httpx", "requests", "aiohttp", "rich", "IPython", "pytest"),
}
START = """\
import sys
from service.cli.hosting import create_trapped_app
from service.engines import import_engine
from service.telemetry.metrics.block import CounterBlock
from service.inference.models import Models
from service.settings import Settings

import_engine("litert")
num_imported = len(sys.modules)
create_trapped_app(Settings(), None, CounterBlock())
Models.load(Settings().models_dir, default="digits", engine="litert")
print(num_imported, len(sys.modules), *sorted({name.partition(".")[0] for name in sys.modules}))
"""
MAX_MODULES = 820  # 780 by now; to import them is most of a start
MAX_MODULES_OF_WORKER = 5  # that its supervisor has not imported for all; 2 by now
NUM_UPLOADS = 100
CHUNK = 64 * 1024  # bytes; what a server hands on at a time
PADDING = (
    12_000_000  # bytes behind the picture's end, which no decoder reads: a copy of the body shows
)


def _photo(*, size: tuple[int, int] = (4000, 3000)) -> bytes:
    """Write a photo as a camera does: 12 megapixels, in colour, with grain, 3 MB and more."""
    grey = np.asarray(draw(size=size, ink=50, paper=220))
    grain = np.random.default_rng(0).integers(0, 24, grey.shape, np.uint8)
    return encode(Image.fromarray(grey + grain).convert("RGB"), "JPEG", quality=90)


def _as_form(content: bytes) -> bytes:
    """Put a file into a form."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    return head + content + b"\r\n--x--\r\n"


class _Chunks:
    """A body in chunks that are there before it is sent."""

    def __init__(self, body: bytes) -> None:
        self._chunks = [body[at : at + CHUNK] for at in range(0, len(body), CHUNK)]

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        for chunk in self._chunks:
            yield chunk


def test_start_imports_nothing_heavy() -> None:
    """It imports little, nothing that trains, plots or that other commands use, and all before a fork."""
    command = [sys.executable, "-c", START]

    started = subprocess.run(command, capture_output=True, check=True, text=True)

    num_imported, num_modules, *packages = started.stdout.split()
    assert HEAVY & set(packages) == set()
    assert "ai_edge_litert" in packages
    assert int(num_modules) <= MAX_MODULES
    assert int(num_modules) - int(num_imported) <= MAX_MODULES_OF_WORKER


class TestUpload:
    """One upload to `/predict`."""

    def test_photo_is_decoded_once_and_reduced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of 12 megapixels less than one is ever decoded, in grey."""
        decoded, genuine = [], ImageFile.ImageFile.load

        def note_and_load(image: ImageFile.ImageFile) -> Any:
            if image.tile:  # still packed; later calls find it decoded
                decoded.append((image.mode, image.width * image.height))
            return genuine(image)

        monkeypatch.setattr(ImageFile.ImageFile, "load", note_and_load)

        answer = ask(load_model(FakeEngine()), "POST", "/predict", content=_photo())

        assert answer.status_code == 200
        assert [mode for mode, _ in decoded] == ["L"]
        assert decoded[0][1] < MEGAPIXEL

    @pytest.mark.parametrize(("is_form", "copies"), [(False, 1), (True, 2)], ids=["raw", "form"])
    def test_copies_of_a_photo(self, *, is_form: bool, copies: int) -> None:
        """A body is joined once; of a form the file is cut out once more; all else is small beside it."""
        model, upload = load_model(FakeEngine()), _photo() + bytes(PADDING)
        body = _as_form(upload) if is_form else upload
        chunks = _Chunks(body)

        tracemalloc.start()
        try:
            answer = ask(model, "POST", "/predict", content=chunks)
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert answer.json()["class"] == 7
        assert round(peak_bytes / len(body)) == copies

    def test_answer_is_written_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """One call writes the JSON; nothing is dumped to Python's objects or through `json` on the way."""
        written: list[str] = []

        def count(owner: Any, name: str) -> None:
            genuine = getattr(owner, name)

            def note_and_call(*arguments: Any, **options: Any) -> Any:
                written.append(name)
                return genuine(*arguments, **options)

            monkeypatch.setattr(owner, name, note_and_call)

        model = load_model(FakeEngine())
        for owner, name in (
            *((BaseModel, name) for name in ("model_dump_json", "model_dump")),
            *((json, name) for name in ("dumps", "dump")),
        ):
            count(owner, name)

        ask(model, "POST", "/predict", content=encode(draw()))

        assert written == ["model_dump_json"]

    def test_engine_is_called_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """One digit, one call."""
        model, shapes = load_model(FakeEngine()), []
        genuine = model.engine.predict

        def note_and_predict(images: Any) -> Any:
            shapes.append(images.shape)
            return genuine(images)

        monkeypatch.setattr(model.engine, "predict", note_and_predict)

        ask(model, "POST", "/predict", content=encode(draw()))

        assert shapes == [(1, 28, 28)]

    def test_small_picture_stays_in_its_thread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """One that comes alone is read, decoded and recognised on the event loop: a hop would cost a fifth of all."""
        model, hops, thread = load_model(FakeEngine()), list[str](), threading.get_ident()

        def count(owner: Any, name: str) -> None:
            genuine = getattr(owner, name)

            def note_and_call(*arguments: Any, **options: Any) -> Any:
                if (
                    threading.get_ident() == thread
                ):  # services of other tests may still do their work
                    hops.append(name)
                return genuine(*arguments, **options)

            monkeypatch.setattr(owner, name, note_and_call)

        count(to_thread, "run_sync")
        count(ThreadPoolExecutor, "submit")

        ask(model, "POST", "/predict", content=encode(draw()))
        num_of_small = len(hops)
        ask(model, "POST", "/predict", content=_photo())

        assert num_of_small == 0
        assert hops == ["submit"]


def test_uploads_leave_nothing() -> None:
    """After a hundred of them there are as many objects as before; what other threads make is not made each time."""
    app = create_app(Settings())
    counts: list[int] = []

    async def upload(state: Any) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": picture}

        async def send(_message: Message) -> None:
            return

        scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b""}
        await app({**scope, "headers": [], "state": dict(state)}, receive, send)

    async def serve() -> None:
        async with app.router.lifespan_context(app) as state:
            for number in (20, *[NUM_UPLOADS] * 3):
                for _ in range(number):
                    await upload(state)
                await asyncio.sleep(2 * DELAY_S)  # what waits to be counted is no more
                gc.collect()
                counts.append(len(gc.get_objects()))

    picture = encode(draw())
    asyncio.run(serve())

    assert min(after - before for before, after in pairwise(counts)) < NUM_UPLOADS / 2
