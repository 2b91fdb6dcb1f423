"""Levers: what each thing that makes an upload fast saves, beside the plain way of doing the same.

    python -m benchmarks.levers    measures, and writes the table into docs/performance.md

plain way | ours -> CPU time of one call, in turn, in this process or in a bare server -> table
"""

import argparse
import asyncio
import io
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import uvloop
from anyio import to_thread
from PIL import Image
from starlette.requests import Request
from starlette.types import Message

from benchmarks.budget import BARE, cpu_us
from benchmarks.catalogue import BUNDLE, ROOT
from benchmarks.environments import cache_folder, prepare
from benchmarks.pictures import make_pictures
from benchmarks.sections import write_section
from benchmarks.server import running
from benchmarks.study import WHOLE, Study
from benchmarks.tables import median, spread, table
from benchmarks.uploads import Upload
from service.app import create_app
from service.intake.uploads import single_file, split_files
from service.preprocessing import UploadLimits, canonicalise, open_image
from service.settings import Settings

PAGE = ROOT / "docs/performance.md"
COMMAND = "python -m benchmarks.levers"
BATCH_S = 0.05  # of calls that are timed together
ROUNDS = 9
SERVERS = {  # by lever, what a bare server is told in place of ours
    "uvloop instead of asyncio's own loop": ("uvloop", "asyncio"),
    "httptools instead of the parser h11": ("httptools", "h11"),
}
Call = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class LeverRun:
    """One round of one lever.

    Attributes:
        round: Number of the round, from 0.
        lever: What makes it fast, for what.
        plain_us: CPU time of one call the plain way, in microseconds.
        ours_us: The same our way.
    """

    round: int
    lever: str
    plain_us: float
    ours_us: float


def measure(rounds: int, seconds: int) -> list[LeverRun]:
    """Measure every lever in this process, then those of the server."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runs = runner.run(_measure_calls(rounds))
    return [*_measure_servers(rounds, seconds), *runs]


async def _measure_calls(rounds: int) -> list[LeverRun]:
    """Time the calls of both ways in turn."""
    async with making_levers() as levers:
        return [
            LeverRun(number, name, await time_call_us(plain), await time_call_us(ours))
            for number in range(rounds)
            for name, (plain, ours) in levers.items()
        ]


async def time_call_us(call: Call) -> float:
    """Return the CPU time of one call, in microseconds, of as many as take a while."""
    await call()
    num_calls, used_s = 1, 0.0
    while used_s < BATCH_S:
        started = time.process_time()
        for _ in range(num_calls):
            await call()
        used_s = time.process_time() - started
        num_calls *= 2
    return used_s / (num_calls / 2) * 1e6


@asynccontextmanager
async def making_levers() -> AsyncGenerator[dict[str, tuple[Call, Call]]]:
    """Give each lever's plain way and ours."""
    small, _, large = make_pictures(BUNDLE)
    app = create_app(Settings())
    async with app.router.lifespan_context(app) as state:
        assert state is not None  # noqa: S101 - ours gives one
        batcher = state["resources"].models.find(None).batcher
        digit = canonicalise(open_image(small.content, UploadLimits()).decode()).image
        form = Upload(small, "multipart")

        def ask(query: bytes) -> Call:
            return lambda: _ask(app, state, small.content, query)

        yield {
            "a form taken apart in memory instead of by a parser of streams": (
                lambda: _parse(form),
                _calling(lambda: single_file(split_files(form.body))),
            ),
            "a 28x28 PNG unpacked by itself instead of by Pillow": (
                _calling(lambda: _decode_plainly(small.content)),
                _calling(lambda: _decode(small.content)),
            ),
            "a 12-megapixel JPEG decoded as small as will do instead of in full": (
                _calling(lambda: _decode_plainly(large.content)),
                _calling(lambda: _decode(large.content)),
            ),
            "a 28x28 PNG read on the event loop instead of in a thread": (
                lambda: to_thread.run_sync(_decode, small.content),
                _calling(lambda: _decode(small.content)),
            ),
            "a lone digit computed at once instead of in the loop's next turn": (
                lambda: batcher.predict(digit),
                lambda: batcher.predict(digit, is_alone=True),
            ),
            "an upload answered in front of the framework instead of behind it": (
                ask(b"detail=false"),
                ask(b""),
            ),
        }


def _calling(function: Callable[[], object]) -> Call:
    """Make a coroutine of a function."""

    async def call() -> object:
        return function()

    return call


def _decode(content: bytes) -> object:
    """Open and decode a picture our way."""
    return open_image(content, UploadLimits()).decode()


def _decode_plainly(content: bytes) -> Image.Image:
    """Open and decode a picture to grey, as tutorials do."""
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("L")


async def _parse(form: Upload) -> bytes:
    """Take a form apart as the framework does."""
    scope = {"type": "http", "headers": [(b"content-type", form.content_type.encode())]}
    async with Request(scope, _receiving(form.body)).form() as fields:
        file: Any = fields["file"]
        content: bytes = await file.read()
        return content


async def _ask(app: Any, state: Any, content: bytes, query: bytes) -> None:
    """Send an upload to the application, without a socket."""

    async def send(_message: Message) -> None:
        return

    scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": query}
    await app({**scope, "headers": [], "state": dict(state)}, _receiving(content), send)


def _receiving(body: bytes) -> Callable[[], Awaitable[Message]]:
    """Return what receives a body in one piece."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    return receive


def _measure_servers(rounds: int, seconds: int) -> list[LeverRun]:
    """Load bare servers, one of which is told to do something the plain way."""
    upload, log = Upload(make_pictures(BUNDLE)[0], "raw"), cache_folder() / "bare.log"
    runs = []
    for number in range(rounds):
        for lever, (ours, plain) in SERVERS.items():
            used = []
            for told in (plain, ours):
                command = tuple(told if word == ours else word for word in BARE.command)
                contender = replace(BARE, command=command)
                with running(contender, prepare(contender), None, log) as server:
                    used.append(cpu_us(server, upload, seconds))
            runs.append(LeverRun(number, lever, *used))
    return runs


def render(runs: list[LeverRun]) -> str:
    """Render the table."""
    head = ["lever", "plain, µs", "ours, µs", "saved, µs"]
    rows = []
    for lever in dict.fromkeys(run.lever for run in runs):
        own = [run for run in runs if run.lever == lever]
        plain, ours = [run.plain_us for run in own], [run.ours_us for run in own]
        saved = [run.plain_us - run.ours_us for run in own]
        rows.append([lever, median(plain), median(ours), spread(saved)])
    num_rounds = len({run.round for run in runs})
    return f"""CPU time of one call or one request, medians of {num_rounds} rounds; of what is saved also the
least and the largest.

{table(head, rows)}
"""


def main() -> int:
    """Measure, and write results and page."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is measured")
    options = parser.parse_args()
    study = Study("levers", LeverRun, lambda it: measure(it.rounds, it.seconds), render)
    extent = replace(WHOLE, rounds=options.rounds, seconds=1, command=COMMAND)
    study.write(extent, PAGE.parent)
    write_section(PAGE, COMMAND, study.section(PAGE.parent))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
