"""What uploads can never make a service do, as Python's own audit events tell.

A hook in the service's process notes every event by which a program leaves itself: files opened to write,
changed or removed, connections, host names looked up, programs started, objects unpickled.
Source: the Python library reference, "Audit events table".
"""

import os
import zlib
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.hostile_files import pickled_npz, zip_of_zips
from tests.hostile_pictures import hostile_pictures
from tests.integration.conftest import ROOT, running_service
from tests.pictures import draw, encode
from tests.service.labelled_data.files import IDX_IMAGES, IDX_LABELS, make_zip

pytestmark = pytest.mark.integration

HOOK = """\
import logging, os, sys

logging.basicConfig(level=logging.INFO)
LEAVING = (
    "socket.connect", "socket.getaddrinfo", "socket.gethostby", "socket.bind", "socket.sendto", "urllib.",
    "http.client.", "ftplib.", "smtplib.", "pickle.", "subprocess.", "os.system", "os.exec", "os.fork",
    "os.posix_spawn", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate",
    "os.chmod", "os.chown", "shutil.", "tempfile.", "sqlite3.", "glob.",
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
notes = os.open({notes!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def note(event, arguments):
    if event.startswith(LEAVING) or (event == "open" and arguments[2] & WRITING):
        os.write(notes, f"{{event}} {{arguments}}\\n".encode())


sys.addaudithook(note)
"""
SVG = b"""<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "http://192.0.2.1/x">]>
<svg xmlns="http://www.w3.org/2000/svg"><image href="http://192.0.2.1/7.png"/>&x;</svg>"""
MARKER = b"marker-of-an-upload"


class Watched:
    """A service whose events are noted.

    Attributes:
        client: A client of it.
        folder: Holds its log, what it may take for its home, and the notes.
    """

    def __init__(self, client: httpx.Client, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self._notes = folder / "notes"
        self._num_noted = len(self._notes.read_text())  # while it started

    @property
    def events(self) -> list[str]:
        """What it did since it was ready, beside computing."""
        return self._notes.read_text()[self._num_noted :].splitlines()

    @property
    def files(self) -> list[Path]:
        """The files in its home."""
        return sorted((self.folder / "home").rglob("*"))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Generator[Watched]:
    """A service that has answered one request of each kind, so that all is loaded."""
    folder = tmp_path_factory.mktemp("watched")
    (folder / "home").mkdir()
    (folder / "sitecustomize.py").write_text(HOOK.format(notes=str(folder / "notes")))
    environment = {
        "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
        "PYTHONDONTWRITEBYTECODE": "1",
        **dict.fromkeys(("HOME", "TMPDIR"), str(folder / "home")),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with running_service(folder, ENGINE="litert") as client:
            yield Watched(client, folder)


def test_hook_sees(watched: Watched) -> None:
    """The hook works: it noted that the start bound a port."""
    noted = (watched.folder / "notes").read_text()

    assert "socket.bind" in noted


def test_pictures(watched: Watched) -> None:
    """A picture, good or hostile, makes the service write no file, ask nobody and start nothing."""
    before = watched.files
    pictures = {"good": encode(draw()), "large": encode(draw(size=(2000, 2000))), "svg": SVG}

    statuses = {
        watched.client.post(path, content=picture).status_code
        for picture in (pictures | hostile_pictures()).values()
        for path in ("/predict", "/predict?detail=true")
    }

    assert statuses <= {200, 413, 415, 422}
    assert (watched.events, watched.files) == ([], before)


def test_labelled_data_and_batches(watched: Watched, tmp_path: Path) -> None:
    """Nor do archives and arrays: members that climb out of their folder and pickled objects among them."""
    before = watched.files
    picture = encode(draw())
    archives = [
        make_zip({"7/a.png": picture, "../../7/b.png": picture, "/7/c.png": picture}),
        zip_of_zips(),
        pickled_npz(tmp_path / "unpickled"),
    ]

    for path in ("/evaluate", "/predict/batch"):
        for archive in archives:
            assert watched.client.post(path, content=archive).status_code in {200, 415, 422}
    watched.client.post("/evaluate", files=[("file", IDX_IMAGES), ("file", IDX_LABELS)])

    assert (watched.events, watched.files) == ([], before)
    assert not (tmp_path / "unpickled").exists()


def test_url_in_place_of_a_file(watched: Watched) -> None:
    """A URL or a path that comes as a body, a parameter or a file's name is never opened."""
    target = "http://192.0.2.1/7.png"

    for content in (target, "file:///etc/passwd", f'{{"url": "{target}"}}'):
        answer = watched.client.post("/predict", content=content, params={"url": target})
        assert answer.status_code == 415
    watched.client.post("/predict", files={"file": ("../../etc/passwd", encode(draw()))})

    assert watched.events == []


def test_log_holds_nothing_of_an_upload(watched: Watched) -> None:
    """Neither a file's name nor its bytes stand in the log, used or refused."""
    picture = encode(draw()) + MARKER
    for content in (picture, MARKER, zlib.compress(picture)):
        watched.client.post("/predict", files={"file": (MARKER.decode(), content)})
        watched.client.post("/predict/batch", files={"file": (MARKER.decode(), content)})

    log = (watched.folder / "log").read_text()
    assert "path=/predict/batch" in log
    assert MARKER.decode() not in log
