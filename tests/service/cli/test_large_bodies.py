"""What many large bodies at once do to a real service."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from benchmarks.catalogue import BUNDLE
from benchmarks.pictures import make_pictures
from benchmarks.processes import memory
from tests.service.cli.conftest import draw_seven
from tests.service.cli.faulty_service import serving

pytestmark = pytest.mark.integration

MIB = 1024 * 1024
BODY = 16 * MIB
NUM_CLIENTS = 30  # 480 MiB in all
BOUND = 64 * MIB
HEAD = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % BODY


NUM_PHOTOS = 48
MAX_KEPT = (
    30 * MIB
)  # of 65 and more; each of two threads has a decoder and an interpreter of its own


def _send_all_but_one(client: socket.socket) -> None:
    """Send a body but for its last byte, as far as the service takes it."""
    client.settimeout(30)
    try:
        client.sendall(HEAD + bytes(BODY - 1))
    except OSError:  # refused, and closed
        return


def test_large_bodies_that_never_end() -> None:
    """They take no more than the bound, beyond it they are refused, and small uploads are answered meanwhile."""
    with (
        serving(DIGITSERVE_MAX_BODIES_BYTES=str(BOUND), DIGITSERVE_BODY_TIMEOUT_S="60") as (
            process,
            port,
        ),
        ExitStack() as stack,
    ):
        url = f"http://127.0.0.1:{port}"
        before = memory(process.pid).resident
        for _ in range(NUM_CLIENTS):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            _send_all_but_one(client)
        taken = memory(process.pid).resident - before
        answer = httpx.post(f"{url}/predict", content=draw_seven(), timeout=30)
        refusal = httpx.post(f"{url}/predict", content=bytes(BODY), timeout=30)

    assert taken < 2 * BOUND  # the pieces, and what the system has not taken back
    assert answer.json()["class"] == 7
    assert refusal.status_code == 503
    assert refusal.headers["retry-after"] == "1"
    assert refusal.json()["type"].endswith("overloaded")


def test_memory_of_large_bodies_is_given_back() -> None:
    """A moment after many photos at once, the service is as large as if they had come one by one."""
    photo = make_pictures(BUNDLE)[2].content
    with (
        serving() as (process, port),
        httpx.Client(timeout=60) as client,
        ThreadPoolExecutor(16) as pool,
    ):
        url = f"http://127.0.0.1:{port}/predict"

        def send(_: int) -> int:
            return client.post(url, content=photo).status_code

        before = memory(process.pid).resident
        statuses = list(pool.map(send, range(NUM_PHOTOS)))
        end = time.monotonic() + 10
        while (kept := memory(process.pid).resident - before) > MAX_KEPT and time.monotonic() < end:
            time.sleep(0.2)

    assert statuses == [200] * NUM_PHOTOS
    assert kept <= MAX_KEPT
