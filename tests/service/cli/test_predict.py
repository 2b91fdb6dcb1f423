"""Tests of `digitserve predict`."""

import io
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from digitserve_client import Client
from service.cli import main, predict
from tests.pictures import draw, encode
from tests.service.cli.conftest import draw_seven

Capture = pytest.CaptureFixture[str]


def lines(capsys: Capture) -> list[dict[str, Any]]:
    """Return the lines of JSON on standard output."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


class TestKey:
    """Of `--key`, with a service that asks for one."""

    def test_is_sent(
        self, guarded_url: str, seven: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
    ) -> None:
        """The option is sent, and without it what the environment has."""
        by_option = main(["predict", "--json", "--url", guarded_url, "--key", "key", seven])
        monkeypatch.setenv("DIGITSERVE_KEY", "key")
        by_environment = main(["predict", "--json", "--url", guarded_url, seven])

        assert (by_option, by_environment) == (0, 0)
        assert [line["class"] for line in lines(capsys)] == [7, 7]

    @pytest.mark.parametrize("options", [[], ["--key", "wrong"], ["--key", ""]])
    def test_is_asked_for(
        self, guarded_url: str, seven: str, options: list[str], capsys: Capture
    ) -> None:
        """A key that is wrong or missing is a wrong argument."""
        code = main(["predict", "--url", guarded_url, *options, seven])

        assert code == 2
        assert "give --key or DIGITSERVE_KEY" in capsys.readouterr().err

    def test_that_no_header_carries(self, url: str, seven: str, capsys: Capture) -> None:
        """So is one that cannot be sent; it is not shown."""
        code = main(["predict", "--url", url, "--key", "two words", seven])

        said = capsys.readouterr().err
        assert code == 2
        assert "The key has a space" in said
        assert "two words" not in said


class TestJson:
    """Of `--json`."""

    @pytest.mark.parametrize("model", ["digits", "textbook"])
    def test_is_the_answer_of_predict(
        self, url: str, seven: str, model: str, capsys: Capture
    ) -> None:
        """A line is the service's own JSON of the picture, and the file."""
        expected = httpx.post(
            f"{url}/predict", content=draw_seven(), params={"model": model}
        ).json()

        code = main(["predict", "--json", "--model", model, seven])

        assert code == 0
        assert lines(capsys) == [{"file": seven, **expected}]

    def test_of_a_service_equals_local(self, url: str, seven: str, capsys: Capture) -> None:
        """With `--url` the line is the same as without."""
        main(["predict", "--json", seven])
        local = lines(capsys)

        code = main(["predict", "--json", "--url", url, seven])

        assert (code, lines(capsys)) == (0, local)

    @pytest.mark.parametrize("is_remote", [False, True])
    def test_bad_file_stops_no_other(
        self, is_remote: bool, url: str, seven: str, capsys: Capture
    ) -> None:
        """A file that is no image has its error on its line, the others their answers; code 1."""
        code = main(["predict", "--json", *(["--url", url] if is_remote else []), __file__, seven])

        bad, good = lines(capsys)
        assert code == 1
        assert bad.keys() == {"file", "error"}
        assert "PNG" in bad["error"]
        assert good["class"] == 7

    def test_missing_file(self, capsys: Capture) -> None:
        """A file that is not there is explained like any other bad file."""
        code = main(["predict", "--json", "/no/such.png"])

        error = (
            "The file cannot be read: No such file or directory. Check its path and permissions."
        )
        assert (code, lines(capsys)) == (1, [{"file": "/no/such.png", "error": error}])

    def test_standard_input(self, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
        """`-` is the picture on standard input."""
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(draw_seven())))

        code = main(["predict", "--json", "-"])

        [answer] = lines(capsys)
        assert (code, answer["file"], answer["class"]) == (0, "-", 7)

    def test_reader_that_leaves(self, seven: str) -> None:
        """A reader that closes the pipe early, as `head` does, sees no traceback."""
        command = [sys.executable, "-m", "service", "predict", "--json", seven, seven]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            errors = process.stderr.read()
            code = process.wait(20)

        assert code == 141
        assert b"BrokenPipeError" not in errors


class TestHumanOutput:
    """Without `--json`."""

    def test_headline_and_bars(self, seven: str, capsys: Capture) -> None:
        """A headline says the digit, then there is a bar for each of the ten."""
        code = main(["predict", seven])

        headline, *bars = capsys.readouterr().out.splitlines()
        assert code == 0
        assert headline.startswith(f"{seven}: 7, ")
        assert headline.endswith("%, ok")
        assert [bar.split()[0] for bar in bars] == list("0123456789")
        assert len(bars[7]) > 40 > len(bars[6])

    def test_warnings(self, tmp_path: Path, capsys: Capture) -> None:
        """What may make the answer less sure stands below the headline."""
        (tmp_path / "faint.png").write_bytes(encode(draw(ink=170, paper=200)))

        main(["predict", str(tmp_path / "faint.png")])

        warning = capsys.readouterr().out.splitlines()[1]
        assert warning == "  The digit has little contrast with its background."

    def test_bad_file_on_standard_error(self, capsys: Capture) -> None:
        """What is wrong with a file goes to standard error, in one line."""
        code = main(["predict", __file__])

        captured = capsys.readouterr()
        assert (code, captured.out) == (1, "")
        assert captured.err.splitlines()[-1].startswith(f"{__file__}: ")


class TestUnusable:
    """Of services and models that cannot be used."""

    def test_no_service(self, seven: str, capsys: Capture) -> None:
        """A URL where nothing listens ends with code 3 and one line."""
        code = main(["predict", "--url", "http://127.0.0.1:9", seven])

        [line] = capsys.readouterr().err.splitlines()
        assert code == 3
        assert line.startswith("digitserve: No answer from http://127.0.0.1:9 (ConnectError).")

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (200, b"<html>hello</html>"),
            (200, b"[]"),
            (422, b'{"detail": "of another service"}'),
            (
                500,
                b'{"type": "urn:problem-type:digitserve:internal-error", "detail": "It failed."}',
            ),
        ],
    )
    def test_answers_like_no_digitserve(
        self, status: int, body: bytes, seven: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An answer of another service, or of one that fails, ends with code 3."""
        transport = httpx.MockTransport(lambda _request: httpx.Response(status, content=body))
        client = Client("http://other", transport=transport)
        monkeypatch.setattr(predict, "connect", lambda _arguments: client)

        assert main(["predict", "--url", "http://other", seven]) == 3

    def test_wrong_path(self, url: str, seven: str) -> None:
        """A URL below which there is no service ends with code 3: the file is not to blame."""
        assert main(["predict", "--url", f"{url}/elsewhere", seven]) == 3

    @pytest.mark.parametrize("is_remote", [False, True])
    def test_unknown_model(self, is_remote: bool, url: str, seven: str, capsys: Capture) -> None:
        """A model that is not there ends with code 2 and the names that are."""
        code = main(["predict", *(["--url", url] if is_remote else []), "--model", "no", seven])

        line = capsys.readouterr().err.splitlines()[-1]
        assert (code, line) == (
            2,
            "digitserve: There is no model 'no' here. Served are: digits, textbook.",
        )

    def test_no_bundle(self, monkeypatch: pytest.MonkeyPatch, seven: str, capsys: Capture) -> None:
        """A directory without bundles ends with code 3 and one line."""
        monkeypatch.setenv("DIGITSERVE_MODELS_DIR", "/no/such")

        code = main(["predict", seven])

        [line] = capsys.readouterr().err.splitlines()
        assert code == 3
        assert line.startswith("digitserve: No model bundle was found under /no/such:")
