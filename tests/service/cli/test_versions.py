"""Changing versions of a service that runs: two workers, under load."""

import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.bundles import copy_bundle, keep_digits
from tests.service.cli.conftest import draw_seven
from tests.service.cli.processes import COMMAND, find_workers, wait_for_workers

NUM_ASKED = 30  # on connections of their own, which two workers take in turn
NO_REUSE = httpx.Limits(max_keepalive_connections=0)


@dataclass(frozen=True)
class Service:
    """A service that runs.

    Attributes:
        url: Where it listens.
        process_id: Of the supervisor.
        models_dir: Directory of its bundles.
    """

    url: str
    process_id: int
    models_dir: Path

    def change(self, path: str) -> httpx.Response:
        """Ask for a change of versions."""
        return httpx.post(f"{self.url}/model/{path}", timeout=300)

    def wait_for_workers(self, active: str) -> None:
        """Wait until both workers serve; to ask for the version that answers changes nothing."""
        deadline = time.monotonic() + 60
        while self.change(f"reload?version={active}").json()["workers"] != 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def versions(self) -> set[tuple[str, str]]:
        """Return which version predicts, and which is healthy, on many connections."""
        found, picture = set(), draw_seven()
        with httpx.Client(base_url=self.url, limits=NO_REUSE) as client:
            for _ in range(NUM_ASKED):
                answer = client.post("/predict", content=picture).json()
                health = client.get("/health").json()
                assert health["ready"]
                found.add((answer["model"]["version"], health["models"][0]["version"]))
        return found


@dataclass
class Load:
    """Clients that upload one picture after the other, and note what comes back.

    Attributes:
        outcomes: How often each came: class and version, or what went wrong.
    """

    url: str
    outcomes: Counter[Any] = field(default_factory=Counter)
    is_over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Upload until it is over."""
        picture = draw_seven()
        with httpx.Client(base_url=self.url, timeout=60) as client:
            while not self.is_over.is_set():
                self.outcomes[_ask(client, picture)] += 1

    @contextmanager
    def running(self, num_clients: int) -> Iterator[None]:
        """Run so many clients."""
        clients = [threading.Thread(target=self.run) for _ in range(num_clients)]
        for client in clients:
            client.start()
        yield
        self.is_over.set()
        for client in clients:
            client.join()


def _ask(client: httpx.Client, picture: bytes) -> Any:
    """Upload a picture; return the class and the version, or what went wrong."""
    try:
        answer = client.post("/predict", content=picture)
    except httpx.HTTPError as error:
        return repr(error)
    if answer.status_code != 200:
        return answer.text
    return answer.json()["class"], answer.json()["model"]["version"]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service of two workers with the bundle digits/1."""
    copy_bundle(tmp_path)
    command = [*COMMAND, "0", "--workers", "2", "--models-dir", str(tmp_path)]
    environment = {**os.environ, "DIGITSERVE_RELOAD_MAX_ACCURACY_DROP": "0.02"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            [url] = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            service = Service(url, process.pid, tmp_path)
            service.wait_for_workers("1")
            yield service
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def _change_and_fail(service: Service, failures: list[httpx.HTTPError]) -> None:
    """Ask for the newest version, and note if no answer comes."""
    try:
        service.change("reload")
    except httpx.HTTPError as failure:
        failures.append(failure)


def _find_examining(workers: list[int]) -> int:
    """Wait until a worker has a process that examines a bundle, and return that worker's id."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for worker in workers:
            if find_workers(worker):
                return worker
        time.sleep(0.01)
    raise AssertionError("No bundle was examined.")


def _add_version(service: Service, version: str) -> Path:
    """Put a version beside the others that is scored at once."""
    path = copy_bundle(service.models_dir, version=version)
    keep_digits(path, 100)
    return path


@pytest.mark.integration
class TestChanges:
    """Of a service with two workers."""

    def test_twenty_swaps_under_load(self, service: Service) -> None:
        """No request fails, every answer names a version that was served, and all workers change."""
        load, changed = Load(service.url), list[tuple[int, int]]()
        with load.running(3):
            for version in range(2, 12):
                _add_version(service, str(version))
                for path in ("reload", "rollback"):
                    answer = service.change(path)
                    changed.append((answer.status_code, answer.json().get("workers")))

        assert changed == [(200, 2)] * 20
        assert set(load.outcomes) <= {(7, str(version)) for version in range(1, 12)}
        assert len(load.outcomes) > 5
        assert service.versions() == {("1", "1")}

    def test_refused_versions(self, service: Service) -> None:
        """What is worse, damaged or copied only in part is refused with a reason; the old one answers."""
        keep_digits(copy_bundle(service.models_dir, version="2"), 100, label_offset=1)
        damaged = _add_version(service, "3") / "assets.extra/model.tflite"
        damaged.write_bytes(damaged.read_bytes()[:-1] + b"\xff")
        (_add_version(service, "4") / "assets.extra/manifest.json").unlink()

        details = {}
        for version in ("2", "3", "4"):
            answer = service.change(f"reload?version={version}")
            assert answer.status_code == 409
            details[version] = answer.json()["detail"]
        states = httpx.get(f"{service.url}/model/versions").json()

        assert "accuracy of 0.0000" in details["2"]
        assert "has a changed assets.extra/model.tflite" in details["3"]
        assert "has no readable assets.extra/manifest.json" in details["4"]
        assert all(detail.endswith("Version 1 of digits goes on.") for detail in details.values())
        assert [each["state"] for each in states] == ["refused"] * 3 + ["active"]
        assert service.versions() == {("1", "1")}

    def test_a_worker_that_is_killed(self, service: Service) -> None:
        """Its successor serves what the others do, not what is newest; going back finds it, too."""
        _add_version(service, "2")
        service.change("reload")
        _add_version(service, "3")
        killed, _ = wait_for_workers(service.process_id, 2)
        os.kill(killed, signal.SIGKILL)
        wait_for_workers(service.process_id, 2, without=killed)
        service.wait_for_workers("2")

        after_kill = service.versions()
        rollback = service.change("rollback").json()

        assert after_kill == {("2", "2")}
        assert (rollback["version"], rollback["workers"]) == ("1", 2)
        assert service.versions() == {("1", "1")}

    def test_whoever_changes_versions_is_killed(self, service: Service) -> None:
        """The worker that prepares a change is killed: the others go on, and can change versions at once."""
        copy_bundle(service.models_dir, version="2")  # all of its digits, so that there is time
        failures: list[httpx.HTTPError] = []
        changing = threading.Thread(target=_change_and_fail, args=(service, failures))
        changing.start()
        killed = _find_examining(wait_for_workers(service.process_id, 2))
        os.kill(killed, signal.SIGKILL)
        changing.join()
        after_kill = service.versions()
        wait_for_workers(service.process_id, 2, without=killed)
        service.wait_for_workers("1")

        again = service.change("reload").json()

        assert len(failures) == 1
        assert after_kill == {("1", "1")}
        assert (again["version"], again["workers"]) == ("2", 2)
        assert service.versions() == {("2", "2")}

    def test_stopped_meanwhile(self, service: Service) -> None:
        """A service that is told to stop while a version is examined ends as it always does."""
        copy_bundle(service.models_dir, version="2")
        changing = threading.Thread(target=_change_and_fail, args=(service, []))
        changing.start()
        _find_examining(wait_for_workers(service.process_id, 2))

        os.kill(service.process_id, signal.SIGTERM)
        changing.join()

    def test_pinned(self, service: Service) -> None:
        """The version before answers whoever asks for it, in either way; one that is not loaded is a 404."""
        _add_version(service, "2")
        service.change("reload")

        pinned = set()
        with httpx.Client(base_url=service.url, limits=NO_REUSE) as client:
            for _ in range(NUM_ASKED):
                for path, headers in (
                    ("/predict?version=1", {}),
                    ("/predict", {"X-Model-Version": "1"}),
                ):
                    answer = client.post(path, content=draw_seven(), headers=headers)
                    pinned.add((answer.status_code, answer.json()["model"]["version"]))
        unknown = httpx.post(
            f"{service.url}/predict", content=draw_seven(), headers={"X-Model-Version": "9"}
        )

        assert pinned == {(200, "1")}
        assert unknown.status_code == 404
        assert unknown.json()["detail"] == "Version '9' of digits is not loaded. Loaded are: 2, 1."
