"""The catalogue of contenders, and the command line that chooses among them."""

import pytest

from benchmarks.catalogue import CONTENDERS, find_contenders
from benchmarks.errors import BenchmarkError
from benchmarks.load import find_wrk


def test_names_choose_in_the_order_of_the_catalogue() -> None:
    """No name means all."""
    assert [entry.name for entry in find_contenders(["mosec", "floor"])] == ["floor", "mosec"]
    assert find_contenders([]) == list(CONTENDERS)


def test_unknown_names_are_refused() -> None:
    """The message lists what there is."""
    with pytest.raises(ValueError, match=r"'none'.*There are: digitserve; floor"):
        find_contenders(["none"])


def test_every_command_has_a_port() -> None:
    """Each listens where it is told."""
    assert [entry.name for entry in CONTENDERS if "{port}" not in entry.command] == []


def test_missing_load_generator_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how to install it."""
    monkeypatch.setenv("PATH", "")

    with pytest.raises(BenchmarkError, match="apt-get install wrk"):
        find_wrk()
