"""What hostile uploads cost a real service, in memory: each meets a fresh one."""

import re
import sys
from collections.abc import Callable, Generator
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from tests.hostile_files import (
    gif_to_be_cleared,
    largest_blank,
    largest_form,
    largest_png,
    largest_webp,
    pickled_npz,
    png_bomb,
    zip_of_zips,
)
from tests.hostile_requests import hostile_requests
from tests.integration.conftest import running_process
from tests.pictures import draw, encode

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc"),
]

# Growth of the peak resident memory in MB. An RGBA picture of 49 megapixels is 196 MB, and WEBP's
# decoder keeps nearly four of them; a form of 20 MiB is held three times while it is taken apart.
REFUSED, DECODED, DECODED_WEBP, UPLOADED = 12, 240, 850, 90
# Rounds of all hostile requests: the first warms the allocator, and in one or two of the others it
# may keep up to 60 MB more. A leak grows in every one. A body unpacked to 64 MiB is held twice.
ROUNDS, LEAKED_IN_A_ROUND, GROWN_IN_THE_FIRST = 5, 10, 300

Service = tuple[httpx.Client, int]


@pytest.fixture
def service(tmp_path: Path) -> Generator[Service]:
    """A fresh service that has answered once, and its process's id."""
    with running_process(tmp_path, ENGINE="litert") as (client, process_id):
        client.post("/predict", content=encode(draw())).raise_for_status()
        yield client, process_id


def _peak_memory_mb(process_id: int) -> float:
    """Peak resident memory of a process in MB, as the kernel counts it; proc(5), `VmHWM`."""
    status = Path(f"/proc/{process_id}/status").read_text()
    (kibibytes,) = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kibibytes) * 1024 / 1e6


def _post(service: Service, path: str, *, max_growth_mb: float, **body: object) -> httpx.Response:
    """Send an upload; the peak may grow by so much, and the service must live on."""
    client, process_id = service
    before_mb = _peak_memory_mb(process_id)

    answer = client.post(path, **body)  # type: ignore[arg-type]  # httpx's own arguments

    assert _peak_memory_mb(process_id) - before_mb <= max_growth_mb
    assert client.get("/health/live").status_code == 200
    assert client.post("/predict", content=encode(draw())).json()["class"] == 7
    return answer


def _code(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem."""
    return answer.status_code, answer.json()["type"].removeprefix("urn:problem-type:digitserve:")


class TestPredict:
    """`POST /predict`."""

    @pytest.mark.parametrize(
        ("make_body", "status", "code", "max_growth_mb"),
        [
            pytest.param(png_bomb, 422, "image-too-large", REFUSED, id="bomb"),
            pytest.param(gif_to_be_cleared, 422, "image-too-large", REFUSED, id="gif"),
            pytest.param(bytes, 422, "empty-upload", REFUSED, id="empty"),
            pytest.param(lambda: encode(draw())[:300], 422, "broken-image", REFUSED, id="cut"),
            pytest.param(
                lambda: largest_png()[:500_000], 422, "broken-image", DECODED, id="large cut"
            ),
            pytest.param(largest_blank, 422, "blank-image", DECODED, id="blank"),
            pytest.param(largest_form, 415, "unsupported-media", UPLOADED, id="zeros"),
            pytest.param(zip_of_zips, 415, "unsupported-media", REFUSED, id="zip"),
        ],
    )
    def test_refused(
        self,
        service: Service,
        make_body: Callable[[], bytes],
        status: int,
        code: str,
        max_growth_mb: float,
    ) -> None:
        """A bad upload costs no more than its own bytes, and pixels that had to be read."""
        answer = _post(service, "/predict", max_growth_mb=max_growth_mb, content=make_body())

        assert _code(answer) == (status, code)

    def test_text_named_as_an_image(self, service: Service) -> None:
        """A name and a content type make no image."""
        file = ("digit.png", b"I am a digit, believe me.\n", "image/png")

        answer = _post(service, "/predict", max_growth_mb=REFUSED, files={"file": file})

        assert _code(answer) == (415, "unsupported-media")

    @pytest.mark.parametrize(
        ("make_body", "max_growth_mb"),
        [(largest_png, DECODED), (largest_webp, DECODED_WEBP)],
        ids=["png", "webp"],
    )
    def test_largest_picture(
        self, service: Service, make_body: Callable[[], bytes], max_growth_mb: float
    ) -> None:
        """49 megapixels with an alpha channel are recognised, and held in memory once."""
        answer = _post(service, "/predict", max_growth_mb=max_growth_mb, content=make_body())

        assert answer.json()["class"] == 7


class TestEvaluate:
    """`POST /evaluate`."""

    def test_zip_of_zips(self, service: Service) -> None:
        """A zip in a zip is not unpacked."""
        answer = _post(service, "/evaluate", max_growth_mb=REFUSED, content=zip_of_zips())

        assert _code(answer) == (422, "unusable-labelled-data")

    def test_pickle(self, service: Service, tmp_path: Path) -> None:
        """A pickle in an npz is refused, never unpickled."""
        marker = tmp_path / "unpickled"

        answer = _post(service, "/evaluate", max_growth_mb=REFUSED, content=pickled_npz(marker))

        assert _code(answer) == (422, "unusable-labelled-data")
        assert not marker.exists()


def test_other_protocols(service: Service) -> None:
    """Every hostile request is refused in the protocol's form, and none leaks memory."""
    client, process_id = service
    requests, peaks_mb = hostile_requests(), [_peak_memory_mb(process_id)]

    for _ in range(ROUNDS):
        for request in requests:
            answer = client.post(request.path, content=request.content, headers=request.headers)

            assert (request.name, answer.status_code // 100) == (request.name, 4)
            assert set(answer.json()) == {"error"}
        peaks_mb.append(_peak_memory_mb(process_id))

    warm_growths_mb = [after - before for before, after in pairwise(peaks_mb[1:])]
    assert min(warm_growths_mb) <= LEAKED_IN_A_ROUND
    assert peaks_mb[1] - peaks_mb[0] <= GROWN_IN_THE_FIRST
    assert client.post("/predict", content=encode(draw())).json()["class"] == 7
