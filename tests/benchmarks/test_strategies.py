"""The study of training by several workers."""

import json

from benchmarks.strategies import EXTENT, PAGE, StrategyRun, make_clusters, render


def test_rows() -> None:
    """Each strategy has its line: the median epoch, and the accuracy over seeds."""
    runs = [
        StrategyRun(1, "none", [9.0, 8.0, 8.0], 0.99),
        StrategyRun(1, "multiworker", [20.0, 10.0, 12.0], 0.98),
        StrategyRun(2, "none", [9.0, 8.5, 8.0], 0.992),
        StrategyRun(2, "multiworker", [20.0, 14.0, 12.0], 0.986),
    ]

    section = render(runs)

    assert "| `none` | 1 | 8.25 (8.00 to 8.50) | 99.10 % ± 0.14 |" in section
    assert "| `multiworker` | 2 | 13.0 (12.0 to 14.0) | 98.30 % ± 0.42 |" in section
    assert "3 epochs, 2 seeds" in section


def test_clusters() -> None:
    """Workers know the same addresses, each its own place; one alone is told nothing."""
    told = [json.loads(variables["TF_CONFIG"]) for variables in make_clusters(2)]

    assert make_clusters(1) == [{}]
    assert told[0]["cluster"] == told[1]["cluster"]
    assert len(set(told[0]["cluster"]["worker"])) == 2
    assert [config["task"]["index"] for config in told] == [0, 1]


def test_page_has_a_place() -> None:
    """The page has the marks between which the table goes."""
    assert f"<!-- {EXTENT.command} -->\n" in PAGE.read_text()
