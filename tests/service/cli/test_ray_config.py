"""`digitserve ray-config`, where Ray is not installed."""

import sys

import pytest
import yaml

from service.cli import main
from service.cluster.ray_config import Address, Bounds, describe_service
from service.settings import Settings


class TestRayConfig:
    """The command."""

    def test_prints_the_settings(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What is printed is what the environment and the options say."""
        monkeypatch.setenv("DIGITSERVE_MAX_WAITING", "64")

        code = main(["ray-config", "--max-replicas", "4", "--port", "80"])

        expected = describe_service(Settings(max_waiting=64), Bounds(1, 4), Address(port=80))
        assert code == 0
        assert yaml.safe_load(capsys.readouterr().out) == expected

    @pytest.mark.parametrize(("least", "most"), [("0", "1"), ("3", "2")])
    def test_bounds_that_make_no_sense(
        self, least: str, most: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Fewer than one replica, or fewer at most than at least, are refused."""
        code = main(["ray-config", "--min-replicas", least, "--max-replicas", most])

        assert code == 2
        assert f"{least} at least and {most} at most" in capsys.readouterr().err

    def test_without_the_extra(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Where nothing writes YAML, one line says what to install."""
        monkeypatch.setitem(sys.modules, "yaml", None)

        code = main(["ray-config"])

        assert code == 3
        assert "pip install -e '.[ray]'" in capsys.readouterr().err
