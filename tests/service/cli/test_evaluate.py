"""Tests of `digitserve evaluate`."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from digitserve_client import Client
from service.cli import evaluate, main
from service.settings import Settings
from tests.service.cli.conftest import draw_seven
from tests.service.labelled_data.files import make_zip

Capture = pytest.CaptureFixture[str]
VALIDATION = str(Settings().models_dir / "digits/1/assets.extra/validation.npz")


@pytest.fixture
def sevens(tmp_path: Path) -> str:
    """A zip of a seven, a seven labelled as one, and a file that is no picture."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("7/a.png", draw_seven())
        archive.writestr("1/b.png", draw_seven())
        archive.writestr("7/c.png", b"no picture")
    path = tmp_path / "sevens.zip"
    path.write_bytes(buffer.getvalue())
    return str(path)


def test_key_is_sent(guarded_url: str, sevens: str, capsys: Capture) -> None:
    """A service that asks for a key gets it, and without one its refusal is a wrong argument."""
    with_key = main(["evaluate", "--json", "--url", guarded_url, "--key", "key", sevens])
    without = main(["evaluate", "--json", "--url", guarded_url, sevens])

    assert (with_key, without) == (1, 2)  # one of the files is no picture
    assert result(capsys)["n"] == 2


def result(capsys: Capture) -> dict[str, Any]:
    """Return the JSON on standard output without its time."""
    body: dict[str, Any] = json.loads(capsys.readouterr().out)
    del body["duration_s"]
    return body


class TestJson:
    """Of `--json`."""

    @pytest.mark.parametrize("is_remote", [False, True])
    def test_pictures(self, is_remote: bool, url: str, sevens: str, capsys: Capture) -> None:
        """Pictures are scored by their folders; one that is none is named and makes the code 1."""
        code = main(["evaluate", "--json", *(["--url", url] if is_remote else []), sevens])

        body = result(capsys)
        assert (code, body["n"], body["accuracy"]) == (1, 2, 0.5)
        assert (body["confusion_matrix"][1][7], body["confusion_matrix"][7][7]) == (1, 1)
        assert [entry["name"] for entry in body["rejected"]] == ["7/c.png"]

    def test_of_a_service_equals_local(self, url: str, capsys: Capture) -> None:
        """A service gives the very result that is computed here."""
        main(["evaluate", "--json", "--model", "textbook", VALIDATION])
        local = result(capsys)

        code = main(["evaluate", "--json", "--model", "textbook", "--url", url, VALIDATION])

        assert (code, result(capsys)) == (0, local)
        assert (local["n"], local["model"]["name"]) == (1000, "textbook")

    @pytest.mark.parametrize("is_remote", [False, True])
    def test_unusable_data(self, is_remote: bool, url: str, seven: str, capsys: Capture) -> None:
        """A file that is no labelled data ends with code 1 and its error."""
        code = main(["evaluate", "--json", *(["--url", url] if is_remote else []), seven])

        body = json.loads(capsys.readouterr().out)
        assert (code, body.keys()) == (1, {"error"})
        assert body["error"].startswith("The bytes are no labelled data that we take")

    def test_missing_file(self, capsys: Capture) -> None:
        """A file that cannot be read is named."""
        code = main(["evaluate", "--json", VALIDATION, "/no/such"])

        body = json.loads(capsys.readouterr().out)
        assert (code, body["error"][:34]) == (1, "/no/such: The file cannot be read:")


class TestHumanOutput:
    """Without `--json`."""

    def test_own_set_by_default(self, url: str, capsys: Capture) -> None:
        """Without files the bundle's 10,000 evaluation digits are scored."""
        code = main(["evaluate", "--url", url])

        assert code == 0
        assert "Digits             10000 in " in capsys.readouterr().out

    def test_measures_and_matrix(self, sevens: str, capsys: Capture) -> None:
        """Accuracy with its interval, loss, calibration error, matrix and what was left out."""
        main(["evaluate", sevens])

        out = capsys.readouterr().out
        # Wilson's interval of one in two, by hand: (1 + 1.9207 -+ 2.3930) / 5.8415
        assert "Accuracy           50.00% (95 % interval 9.45% to 90.55%)" in out
        assert "Loss " in out
        assert "Calibration error " in out
        assert " 1  .  .  .  .  .  .  .  1  .  . " in out
        assert "Left out of the scores: 1\n  7/c.png: " in out

    def test_many_left_out(self, tmp_path: Path, capsys: Capture) -> None:
        """Of many pictures that were left out, ten are named and the rest counted."""
        pictures = {"7/good.png": draw_seven()} | {f"7/{n:02}.png": b"none" for n in range(13)}
        (tmp_path / "data.zip").write_bytes(make_zip(pictures))

        code = main(["evaluate", str(tmp_path / "data.zip")])

        out = capsys.readouterr().out
        assert code == 1
        assert "Left out of the scores: 13\n  7/00.png: " in out
        assert "  7/09.png: " in out
        assert "  7/10.png: " not in out
        assert "  and 3 more; --json names them all" in out

    def test_unusable_data(self, seven: str, capsys: Capture) -> None:
        """What is wrong with the data goes to standard error, in one line."""
        code = main(["evaluate", seven])

        captured = capsys.readouterr()
        assert (code, captured.out) == (1, "")
        assert captured.err.startswith("digitserve: The bytes are no labelled data that we take")


class TestUnusable:
    """Of services and models that cannot be used."""

    def test_unknown_model(self, url: str, capsys: Capture) -> None:
        """A model that the service lacks ends with code 2 and the names that it has."""
        code = main(["evaluate", "--url", url, "--model", "no"])

        assert (code, capsys.readouterr().err.splitlines()[-1]) == (
            2,
            "digitserve: There is no model 'no' here. Served are: digits, textbook.",
        )

    @pytest.mark.parametrize(
        "events", ["", 'event: progress\ndata: {"done": 1, "total": 2}\n\n', ": a comment\n\n"]
    )
    def test_stream_that_ends_early(
        self, events: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
    ) -> None:
        """A service that stops before the result, killed say, ends with code 3."""
        transport = httpx.MockTransport(lambda _request: httpx.Response(200, text=events))
        client = Client("http://other", transport=transport)
        monkeypatch.setattr(evaluate, "connect", lambda _arguments: client)

        code = main(["evaluate", "--url", "http://other"])

        assert code == 3
        assert "http://other ended its answer before the result" in capsys.readouterr().err

    def test_service_that_fails(self, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
        """A failure of the service in the midst of the stream is not the data's fault: code 3."""
        problem = '{"type": "urn:problem-type:digitserve:internal-error", "status": 500, "detail": "It failed."}'
        events = f"event: error\ndata: {problem}\n\n"
        transport = httpx.MockTransport(lambda _request: httpx.Response(200, text=events))
        client = Client("http://other", transport=transport)
        monkeypatch.setattr(evaluate, "connect", lambda _arguments: client)

        assert main(["evaluate", "--url", "http://other"]) == 3
        assert "answered with status 500: It failed." in capsys.readouterr().err
