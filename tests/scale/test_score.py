"""Tests of `digitserve score` as a person runs it, on Ray: whole runs, a killed one, a cluster's workers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from ray.cluster_utils import Cluster

from service.batches import BatchEntry
from service.bulk import BulkError
from service.bulk.attempts import NOTE
from service.bulk.parts import Part
from service.bulk.pipeline import score, start_ray
from service.bulk.reading import Reader
from service.bulk.results import prepare_folder
from service.bulk.scorer import Job
from service.bulk.sources import list_parts
from service.bulk.storage import locate
from service.settings import Settings
from tests.scale.sources import (
    ROOT,
    make_pictures,
    read_results,
    write_folder,
    write_parquet,
    write_zip,
)

DEADLY = "0003.png"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
PATIENCE_S = 600.0  # a busy machine takes minutes to start Ray


def start(*arguments: str | Path) -> "subprocess.Popen[str]":
    """Start the command."""
    command = [sys.executable, "-m", "service", "score", *map(str, arguments), "--json"]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: "subprocess.Popen[str]") -> tuple[int, dict[str, Any], str]:
    """Wait for the command; return its code, its summary and what else it said."""
    said, errors = process.communicate(timeout=PATIENCE_S)
    return process.returncode, json.loads(said) if said else {}, errors


class Deadly(Reader):
    """Reads one picture as a decoder does that crashes."""

    def read_blocks(self, part: Part) -> Iterator[list[BatchEntry]]:
        """End the process where it is that picture's turn."""
        if part.names[0].endswith(DEADLY):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read_blocks(part)


@pytest.fixture
def cluster() -> Iterator[str]:
    """Run a cluster of two nodes of a CPU each, and return its address."""
    node = {"num_cpus": 1, "object_store_memory": 80_000_000}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    try:
        cluster.add_node(**node)
        cluster.wait_for_nodes()
        yield cluster.address
    finally:
        cluster.shutdown()


@pytest.mark.full
class TestCluster:
    """Of the workers of a cluster."""

    def test_every_kind_of_source(self, cluster: str, tmp_path: Path) -> None:
        """A folder of pictures, bad ones among them, a zip and a Parquet file: a row for each, code 1."""
        pictures = make_pictures(120)
        source = write_folder(tmp_path / "in", pictures)
        write_zip(source / "more.zip", pictures)
        write_parquet(source / "more.parquet", {"image": pictures})
        (source / "bad.png").write_bytes(b"text")

        code, summary, _ = finish(
            start(source, tmp_path / "out", "--address", cluster, "--block", "30")
        )

        rows = read_results(tmp_path / "out")
        assert (code, summary["images"], summary["scored"], summary["failed"]) == (1, 361, 361, 1)
        assert len({row["path"] for row in rows}) == len(rows) == 361
        assert [row["path"] for row in rows if row["error"]] == [str(source / "bad.png")]


class TestHere:
    """Of workers on this machine."""

    def test_killed_and_resumed(self, tmp_path: Path) -> None:
        """After a kill in the middle, the same command scores what has no result, each picture once.

        A block for each worker at most was begun without a result, and a bad picture of before is told of again.
        """
        source = write_folder(tmp_path / "in", make_pictures(4000))
        (source / "000" / "0000.png").write_bytes(b"text")
        out = tmp_path / "out"
        process = start(source, out, "--workers", "2", "--block", "20")
        try:
            _wait_for_results(process, out)
        finally:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        _wait_for_silence(out)
        before = len(read_results(out))
        num_begun = len(list(out.glob(f".*{NOTE}")))

        code, summary, errors = finish(start(source, out, "--workers", "2", "--block", "20"))

        paths = [row["path"] for row in read_results(out)]
        assert code == 1, errors
        assert 0 < before < 4000
        assert num_begun <= 2
        assert not list(out.glob(".*"))
        assert (summary["failed"], summary["failed_before"]) == (0, 1)
        assert (summary["skipped"], summary["scored"]) == (before, 4000 - before)
        assert len(set(paths)) == len(paths) == 4000

    @pytest.mark.full
    def test_picture_that_kills_its_worker(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A picture that ends the process of its worker ends the run, which names it; others keep their results."""
        monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for the workers, which import this file
        source = locate(str(write_folder(tmp_path / "in", make_pictures(5))))
        settings, folder = Settings(), locate(str(tmp_path / "out"))
        prepare_folder(folder, "digits/1")
        job = Job(
            Deadly(source, settings.evaluation_limits.data, 1),
            settings.upload_limits,
            *(folder, settings.models_dir, "digits", settings.engine),
        )
        start_ray(None, 1)
        try:
            with pytest.raises(BulkError, match=rf"3 workers have died of .*{DEADLY}"):
                list(score(list(list_parts(source, 1)), job, 1))
        finally:
            ray.shutdown()

        assert {Path(str(row["path"])).name for row in read_results(tmp_path / "out")} >= {
            "0000.png",
            "0001.png",
        }

    @pytest.mark.full
    def test_storage_that_fails(self, tmp_path: Path) -> None:
        """A worker's failure ends the command with one line that says what to do, and no summary."""
        source = write_folder(tmp_path / "in", make_pictures(3))
        damaged = write_parquet(source / "in.parquet", {"image": make_pictures(9)})
        content = damaged.read_bytes()
        damaged.write_bytes(content[:4] + b"\xff" * 56 + content[60:])

        code, summary, errors = finish(start(source, tmp_path / "out", "--workers", "1"))

        assert (code, summary) == (2, {})
        assert "A worker failed" in errors
        assert str(damaged) in errors
        assert "Traceback" not in errors


def _wait_for_results(process: "subprocess.Popen[str]", folder: Path) -> None:
    """Wait until a run has written some results."""
    deadline_s = time.monotonic() + PATIENCE_S
    while len(list(folder.glob("*.parquet"))) < 5:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def _wait_for_silence(folder: Path) -> None:
    """Wait until the workers of a killed run have ended too: no result more within seconds."""
    deadline_s, count = time.monotonic() + PATIENCE_S, -1
    while count != (count := len(list(folder.iterdir()))):
        assert time.monotonic() < deadline_s
        time.sleep(5)
