"""What the tests of several commands share: a picture and a service that runs."""

import gc
import io
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from PIL import Image, ImageDraw
from uvicorn.supervisors.multiprocess import SIGNALS

from service.app import create_app
from service.security.keys import read_key_digests
from service.settings import Settings


def draw_seven() -> bytes:
    """Return a PNG of a black seven on white paper, 120 x 120 pixels."""
    image = Image.new("L", (120, 120), 255)
    ImageDraw.Draw(image).line([(30, 25), (90, 25), (55, 100)], fill=0, width=11, joint="curve")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def seven(tmp_path: Path) -> str:
    """Path of a picture of a seven."""
    path = tmp_path / "seven.png"
    path.write_bytes(draw_seven())
    return str(path)


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """URL of a service in a thread of this process."""
    with _running(Settings()) as running:
        yield running


@pytest.fixture(scope="module")
def guarded_url() -> Iterator[str]:
    """URL of one that asks for a key, which is `key`."""
    with _running(Settings(api_keys=read_key_digests("key"))) as running:
        yield running


@contextmanager
def _running(settings: Settings) -> Iterator[str]:
    """Run a service in a thread of this process, and give its URL."""
    config = uvicorn.Config(create_app(settings), port=0, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def _restored_signals() -> Iterator[None]:
    """Undo what the supervisor does to the signals of this process."""
    before = {each: signal.getsignal(each) for each in SIGNALS}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.fixture(autouse=True)
def _unfrozen() -> Iterator[None]:
    """Have garbage looked for everywhere again, which a start in this process would end."""
    yield
    gc.unfreeze()
