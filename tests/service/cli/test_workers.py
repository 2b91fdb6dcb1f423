"""How many workers fit into control groups of both versions."""

import os
from pathlib import Path

import pytest

from service.cli import workers
from service.cli.workers import WORKER_BYTES, num_workers_that_fit

LOTS = 1024 * WORKER_BYTES


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of eight CPUs and much memory."""
    monkeypatch.setattr(workers, "_count_cpus", lambda: 8)
    monkeypatch.setattr(workers, "_machine_bytes", lambda: LOTS)


def _fit(folder: Path, own: str, limits: dict[str, str]) -> int:
    """Return how many fit where these files set limits for groups named so."""
    (folder / "own").write_text(own)
    for name, text in limits.items():
        path = folder / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return num_workers_that_fit(folder / "cgroup", folder / "own")


class TestNumWorkersThatFit:
    """Of `num_workers_that_fit`."""

    @pytest.mark.parametrize(
        ("limits", "num_workers"),
        [
            ({}, 8),
            ({"cpu.max": "max 100000", "memory.max": "max"}, 8),
            ({"cpu.max": "300000 100000"}, 3),
            ({"cpu.max": "150000 100000"}, 2),
            ({"cpu.max": "5000 100000"}, 1),
            ({"memory.max": f"{2 * WORKER_BYTES}"}, 2),
            ({"memory.max": "1000"}, 1),
            ({"a/b/cpu.max": "max 100000", "a/cpu.max": "400000 100000"}, 4),
            ({"a/b/cpu.max": "200000 100000", "a/cpu.max": "400000 100000"}, 2),
        ],
        ids=lambda it: str(it).replace(str(WORKER_BYTES), "N"),
    )
    def test_version_2(self, limits: dict[str, str], num_workers: int, tmp_path: Path) -> None:
        """The least of what the own group and the groups around it allow counts, and at least 1."""
        assert _fit(tmp_path, "0::/a/b\n", limits) == num_workers

    @pytest.mark.parametrize(
        ("limits", "num_workers"),
        [
            ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
            ({"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"}, 2),
            ({"memory/a/memory.limit_in_bytes": f"{3 * WORKER_BYTES}"}, 3),
            ({"memory/memory.limit_in_bytes": "9223372036854771712"}, 8),
        ],
        ids=["no quota", "quota", "memory", "no memory limit"],
    )
    def test_version_1(self, limits: dict[str, str], num_workers: int, tmp_path: Path) -> None:
        """Groups of version 1, one tree for each controller, are read as well."""
        own = "3:memory:/a\n2:cpu,cpuacct:/a\n1:name=systemd:/\n"

        assert _fit(tmp_path, own, limits) == num_workers

    def test_no_groups(self, tmp_path: Path) -> None:
        """Where there are no control groups, CPUs and memory of the machine count."""
        assert num_workers_that_fit(tmp_path, tmp_path / "own") == 8


def test_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the machine at hand there is room for one at least, and never for more than its CPUs."""
    monkeypatch.undo()

    assert 1 <= num_workers_that_fit() <= (os.cpu_count() or 1)
