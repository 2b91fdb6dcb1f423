"""The log's configuration."""

import sys
from typing import Literal

import pytest

from service.cli.logs import configure_log, is_json
from service.log_lines import JsonFormatter
from service.settings import Settings


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

        assert is_json(Settings(log_format=log_format)) is expected


class TestConfigureLog:
    """`configure_log`."""

    def test_formatter(self) -> None:
        """The server's lines and the application's have the form that the setting asks for."""
        text, as_json = (
            configure_log(Settings(log_format=form))["formatters"]["default"]
            for form in ("text", "json")
        )

        assert text == {"format": "%(levelname)s: %(message)s"}
        assert as_json == {"()": JsonFormatter}
