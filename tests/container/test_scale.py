"""Several replicas behind the proxy: balanced, replaced and killed while clients ask."""

import os
import subprocess
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from service.answers.problems import TYPE_PREFIX
from service.security.security_headers import security_headers
from tests.container.engine import ROOT, docker, find_url, try_docker, wait_until

FILES = ("--file", "docker/compose.yaml", "--file", "docker/compose.scale.yaml")
PROJECT = ("--project-name", f"digitserve-scale-{os.getpid()}")
SEVEN = (ROOT / "docs/images/seven.png").read_bytes()
NUM_CLIENTS = 8


def compose(*arguments: str) -> str:
    """Run compose on the files of this module."""
    return docker("compose", *PROJECT, *FILES, *arguments)


def replicas() -> list[str]:
    """Return the ids of the replicas that run."""
    return compose("ps", "--quiet", "service").split()


def num_predictions(replica: str) -> int:
    """Return how many predictions a replica has logged."""
    log = try_docker("logs", replica).stderr
    return log.count(b'"path":"/predict","status":200')


@pytest.fixture(scope="module")
def url(image: str) -> Generator[str]:
    """Where the proxy of two replicas listens."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITSERVE_PORT", "0")
        patch.setenv("DIGITSERVE_WORKERS", "1")
        try:
            compose("up", "--no-build", "--detach", "--wait", "--wait-timeout", "120")
            yield find_url(compose("ps", "--quiet", "proxy").strip())
        finally:
            compose("--profile", "*", "down", "--volumes", "--remove-orphans")


class Load:
    """Clients that ask until they are told to stop, each on its own connection.

    Attributes:
        wrong: What was not the right answer: statuses, digits and errors.
        num_right: How many were.
    """

    def __init__(self, url: str) -> None:
        self.wrong: list[object] = []
        self.num_right = 0
        self._url = url
        self._is_over = threading.Event()

    def __enter__(self) -> "Load":
        self._pool = ThreadPoolExecutor(NUM_CLIENTS)
        for _ in range(NUM_CLIENTS):
            self._pool.submit(self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._pool.shutdown()

    def wait_for(self, num_more: int) -> None:
        """Wait for more right answers."""
        goal = self.num_right + num_more
        wait_until(lambda: self.num_right >= goal or bool(self.wrong))

    def _ask(self) -> None:
        with httpx.Client(base_url=self._url, timeout=30) as client:
            while not self._is_over.is_set():
                try:
                    answer = client.post("/predict", content=SEVEN)
                    seen = answer.json()["class"] if answer.status_code == 200 else answer.text
                except httpx.HTTPError as error:
                    seen = error
                if seen == 7:
                    self.num_right += 1
                else:
                    self.wrong.append(seen)


class TestBalance:
    """Of requests over replicas."""

    def test_all_replicas_answer(self, url: str) -> None:
        """With two replicas, and with three, each answers."""
        for num_replicas in (2, 3):
            compose(
                "up",
                "--no-build",
                "--detach",
                "--wait",
                "--no-recreate",
                "--scale",
                f"service={num_replicas}",
            )
            assert len(replicas()) == num_replicas
            with Load(url) as load:
                wait_until(lambda: all(num_predictions(replica) for replica in replicas()))
            assert load.wrong == []

    def test_killed_replica(self, url: str) -> None:
        """A replica is killed while clients ask: what it held is asked of another, and nobody sees an error."""
        with Load(url) as load:
            load.wait_for(100)
            docker("kill", "--signal", "KILL", replicas()[0])
            load.wait_for(300)

        assert load.wrong == []

    def test_rolling_restart(self, url: str) -> None:
        """Every replica is replaced while clients ask; no request fails."""
        compose("up", "--no-build", "--detach", "--wait", "--no-recreate", "--scale", "service=2")
        before = replicas()

        with Load(url) as load:
            subprocess.run([ROOT / "docker/roll.sh", *PROJECT, *FILES], check=True, cwd=ROOT)
            load.wait_for(100)

        assert len(replicas()) == len(before)
        assert not set(before) & set(replicas())
        assert load.wrong == []


class TestProxy:
    """Of what the proxy answers itself."""

    def test_body_too_large(self, url: str) -> None:
        """A body that no route takes is refused."""
        answer = httpx.post(f"{url}/predict", content=bytes(65 * 1024 * 1024))

        assert_problem(answer, 413, "upload-too-large")
        assert "64 MiB" in answer.json()["detail"]

    @pytest.mark.parametrize(
        "path",
        [
            "/metrics",
            "/monitoring/prometheus/metrics",
            "/model/reload",
            "/v2/repository/models/digits/load",
        ],
    )
    def test_what_one_replica_answers(self, url: str, path: str) -> None:
        """What only speaks of one replica is not answered through the proxy."""
        assert_problem(httpx.get(f"{url}{path}"), 404, "not-found")

    @pytest.mark.parametrize(("path", "status"), [("/health", 200), ("/metrics", 404)])
    def test_request_id(self, url: str, path: str, status: int) -> None:
        """A client's own id comes back, whether a replica answers or the proxy."""
        answer = httpx.get(f"{url}{path}", headers={"x-request-id": "my-own.id_1"})

        assert (answer.status_code, answer.headers["x-request-id"]) == (status, "my-own.id_1")

    def test_id_that_is_none(self, url: str) -> None:
        """What could break a document or a log is no id: there is a new one."""
        answer = httpx.get(f"{url}/metrics", headers={"x-request-id": '"}'})

        assert_problem(answer, 404, "not-found")

    def test_service_keeps_its_headers(self, url: str) -> None:
        """An answer of the service, which has a policy of its own here, passes as it is."""
        policies = httpx.get(url).headers.get_list("content-security-policy")

        assert len(policies) == 1
        assert "script-src" in policies[0]

    def test_no_replica(self, url: str) -> None:
        """Without a replica the answer says when to come again."""
        compose("stop", "service")

        answer = httpx.post(f"{url}/predict", content=SEVEN, timeout=60)

        assert_problem(answer, 503, "overloaded")
        assert answer.headers["retry-after"] == "1"


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    """Check that an answer has all that the service's own problems have, and the text for other protocols."""
    problem = answer.json()

    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"]) == (status, status)
    assert problem["type"] == f"{TYPE_PREFIX}{code}"
    assert problem["instance"] == answer.headers["x-request-id"] != ""
    assert problem["error"] == problem["detail"] != ""
    headers = {name.decode(): value.decode() for name, value in security_headers(())}
    assert headers.items() <= dict(answer.headers).items()
