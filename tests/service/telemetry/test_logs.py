"""The log's configuration."""

import re
import subprocess
import sys
from typing import Literal

import httpx
import pytest

from service.settings import Settings
from service.telemetry.log_lines import JsonFormatter
from service.telemetry.logs import configure_log, is_json
from tests.service.cli.processes import COMMAND


class TestIsJson:
    """`is_json`."""

    @pytest.mark.parametrize(
        ("log_format", "is_terminal", "expected"),
        [
            ("auto", True, False),
            ("auto", False, True),
            ("text", False, False),
            ("json", True, True),
        ],
    )
    def test_format(
        self,
        log_format: Literal["auto", "text", "json"],
        is_terminal: bool,
        expected: bool,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A terminal gets text, anything else JSON, unless the setting says which."""
        monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)

        assert is_json(log_format) is expected


class TestConfigureLog:
    """`configure_log`."""

    def test_formatter(self) -> None:
        """The server's lines and the application's have the form that the setting asks for."""
        text, as_json = (
            configure_log(Settings(log_format=form).log_format)["formatters"]["default"]
            for form in ("text", "json")
        )

        assert text == {"format": "%(levelname)s: %(message)s"}
        assert as_json == {"()": JsonFormatter}


@pytest.mark.integration
def test_nobody_reads() -> None:
    """A reader of the log that stops reading holds nothing up; the metrics say how many lines are lost."""
    command = [*COMMAND, "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        [url] = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        with httpx.Client(base_url=url, timeout=30) as client:
            statuses = {client.get("/health/live").status_code for _ in range(1000)}
            metrics = client.get("/metrics").text
        process.terminate()
        code = process.wait(60)

    assert statuses == {200}
    [lost] = re.findall(r"^digitserve_log_lines_lost_total (\S+)", metrics, re.MULTILINE)
    assert float(lost) > 100
    assert code == 0
