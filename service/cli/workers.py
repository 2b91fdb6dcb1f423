"""How many worker processes fit: by the CPUs and the memory that this process may use.

cgroup (CPU quota, memory limit), affinity, memory of the machine -> number of workers
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")
UNLIMITED = ("max", "-1")  # in version 2 and 1
# Resident memory of one LiteRT worker: 105 MB idle, and 240 MB more while it decodes the largest picture.
WORKER_BYTES = 345_000_000


def num_workers_that_fit(cgroups: Path = CGROUPS, own_groups: Path = OWN_GROUPS) -> int:
    """Return how many LiteRT workers can be kept busy and in memory, at least 1.

    Args:
        cgroups: Where control groups are mounted, of version 1 or 2; without any no limit is seen.
        own_groups: The file that names the groups of this process.
    """
    groups = list(_find_groups(cgroups, own_groups))
    cpus = min([float(_count_cpus()), *filter(None, map(_read_cpus, groups))])
    memory = min([_machine_bytes(), *filter(None, map(_read_memory, groups))])
    return max(1, min(math.ceil(cpus), memory // WORKER_BYTES))


def _find_groups(cgroups: Path, own_groups: Path) -> Iterator[Path]:
    """Yield the folders of this process's groups and of those around them; each may set a limit.

    Source: cgroups(7), "/proc/pid/cgroup": lines of `id:controllers:/path`, without controllers for
    version 2.
    """
    for line in own_groups.read_text().splitlines() if own_groups.exists() else []:
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            root = cgroups / controller
            group = root / path.strip("/")
            yield from (each for each in (group, *group.parents) if each.is_relative_to(root))


def _read_cpus(group: Path) -> float | None:
    """Return how many CPUs a group may use, or None for no bound: quota by period, both in us."""
    quota, period = (
        *_read_words(group / "cpu.max"),
        *_read_words(group / "cpu.cfs_quota_us"),
        *_read_words(group / "cpu.cfs_period_us"),
        "max",
        "max",
    )[:2]
    return None if quota in UNLIMITED else int(quota) / int(period)


def _read_memory(group: Path) -> int | None:
    """Return how many bytes of memory a group may use, or None for no bound."""
    (limit,) = (
        *_read_words(group / "memory.max"),
        *_read_words(group / "memory.limit_in_bytes"),
        "max",
    )[:1]
    return None if limit in UNLIMITED else int(limit)


def _read_words(path: Path) -> list[str]:
    """Return the words of a file; none if it is not there, as in the outermost group."""
    return path.read_text().split() if path.exists() else []


def _count_cpus() -> int:
    """Return the CPUs that this process may run on; macOS does not tell, and gives all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # pragma: no cover - not on Linux


def _machine_bytes() -> int:
    """Return the memory of the machine in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
