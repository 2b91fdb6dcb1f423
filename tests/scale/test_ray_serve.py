"""The application on Ray Serve: a real cluster, real processes that are killed, and load meanwhile.

In the order of the file, since the last test costs the cluster a node.
"""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from service.settings import Settings
from tests.bundles import copy_bundle
from tests.integration.conftest import running_service
from tests.pictures import draw, encode, photo
from tests.scale.cluster import ServeCluster, wait_until
from tests.scale.load import running_load

DIGIT = encode(draw(size=(28, 28)))
NOT_COMPARED = {"date", "server", "server-timing", "x-request-id"}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two folders of bundles: the embedded one as version 1, and as version 2."""
    folders = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new")
    for number, folder in enumerate(folders, start=1):
        copy_bundle(folder, version=str(number))
    return folders


def test_answers_are_uvicorns(
    serve_cluster: ServeCluster, models: tuple[Path, Path], tmp_path: Path
) -> None:
    """Status, headers and body are the same from both, for answers and for problems, through every proxy."""
    serve_cluster.deploy(Settings(models_dir=models[0]), 4)
    serve_cluster.wait_for_replicas(4)
    uploads = [DIGIT, encode(photo(), "JPEG"), b"", b"no picture", encode(draw(ink=255))]

    with running_service(tmp_path, MODELS_DIR=str(models[0])) as uvicorn:
        for url in serve_cluster.urls:
            with httpx.Client(base_url=url, timeout=60) as client:
                for method, path, content in [
                    *(("POST", "/predict", upload) for upload in uploads),
                    ("POST", "/predict?detail=true", DIGIT),
                    ("HEAD", "/", b""),
                    ("GET", "/nowhere", b""),
                    ("GET", "/openapi.json", b""),
                ]:
                    ours, theirs = (
                        each.request(
                            method, path, content=content, headers={"x-request-id": "same"}
                        )
                        for each in (client, uvicorn)
                    )
                    assert _comparable(ours) == _comparable(theirs), (method, path)
                    assert ours.headers.get_list("x-request-id") == ["same"]


def test_a_killed_replica_costs_nobody_an_answer(
    serve_cluster: ServeCluster, models: tuple[Path, Path]
) -> None:
    """While a replica is killed that answers, every request gets its answer, and another replica takes its place."""
    serve_cluster.deploy(Settings(models_dir=models[0]), 4)
    serve_cluster.wait_for_replicas(4)
    with running_load(serve_cluster.urls, DIGIT) as load:
        before = serve_cluster.count_answers()
        load.wait_for_answers(200)
        answered = serve_cluster.count_answers() - before
        killed = max(serve_cluster.replicas(), key=lambda replica: answered[replica.process_id])
        killed_s = time.monotonic()
        os.kill(killed.process_id, signal.SIGKILL)
        load.wait_for_answers(200)
        wait_until(lambda: killed not in serve_cluster.replicas(), "the end of the killed one")
        serve_cluster.wait_for_replicas(4)
        replaced_s = time.monotonic()
        load.wait_for_answers(100)

    assert answered[killed.process_id] >= answered.total() / 5
    assert not load.lost
    assert not load.failures_beside(killed_s, replaced_s)


@pytest.mark.full
def test_a_replica_that_hangs_is_replaced(
    serve_cluster: ServeCluster, models: tuple[Path, Path]
) -> None:
    """While a replica is stopped that answers, every request gets its answer, and another replica takes its place."""
    serve_cluster.deploy(Settings(models_dir=models[0], watchdog_timeout_s=6), 4)
    hung = serve_cluster.wait_for_replicas(4)[-1]

    with running_load(serve_cluster.urls, DIGIT) as load:
        load.wait_for_answers(100)
        hung_s = time.monotonic()
        os.kill(hung.process_id, signal.SIGSTOP)
        try:
            wait_until(
                lambda: hung not in serve_cluster.replicas(), "the end of the one that hangs"
            )
            serve_cluster.wait_for_replicas(4)
        finally:
            with suppress(ProcessLookupError):
                os.kill(hung.process_id, signal.SIGKILL)
        load.wait_for_answers(100)
        replaced_s = time.monotonic()
        load.wait_for_answers(100)

    assert not load.lost
    assert not load.failures_beside(hung_s, replaced_s)


def test_an_upgrade_fails_no_request(
    serve_cluster: ServeCluster, models: tuple[Path, Path]
) -> None:
    """While every replica is replaced by one with a new bundle, no request fails, even once."""
    old, new = (Settings(models_dir=folder) for folder in models)
    serve_cluster.deploy(old, 3)  # which leaves room for one that starts before another stops
    serve_cluster.wait_for_replicas(3)

    with running_load(serve_cluster.urls[:1], DIGIT) as load:
        load.wait_for_answers(100)
        serve_cluster.deploy(new, 3)
        wait_until(lambda: set(load.answers[-30:]) == {"2"}, "the new bundle")
        serve_cluster.wait_for_replicas(3)
        load.wait_for_answers(100)

    assert load.answers[0] == "1"
    assert set(load.answers[-100:]) == {"2"}
    assert not load.failures


def test_metrics_are_rays(serve_cluster: ServeCluster) -> None:
    """Ray's agents tell of the requests of each replica, under the service's own names."""
    nodes = serve_cluster.ports
    httpx.post(f"{serve_cluster.urls[0]}/predict", content=DIGIT, timeout=60).raise_for_status()

    def is_told() -> bool:
        text = "".join(serve_cluster.read_metrics(node_id) for node_id in nodes)
        lines = [line for line in text.splitlines() if "ray_digitserve_requests_total" in line]
        return any('replica="' in line and 'route="/predict"' in line for line in lines)

    wait_until(is_told, "the metrics")


@pytest.mark.full
def test_replicas_follow_the_load(serve_cluster: ServeCluster, models: tuple[Path, Path]) -> None:
    """One replica becomes four under load, and one again under little, and no request fails, even once."""
    serve_cluster.deploy(Settings(models_dir=models[1]), 4, min_replicas=1)
    serve_cluster.wait_for_replicas(1)
    url = serve_cluster.urls[:1]

    with running_load(url, DIGIT, num_threads=1) as little:
        with running_load(url, DIGIT, num_threads=16) as much:
            serve_cluster.wait_for_replicas(4)
            much.wait_for_answers(200)
        serve_cluster.wait_for_replicas(1)
        little.wait_for_answers(100)

    assert not little.failures
    assert not much.failures


@pytest.mark.full
def test_a_killed_node_costs_nobody_an_answer(
    serve_cluster: ServeCluster, models: tuple[Path, Path]
) -> None:
    """While a node is killed whose replica answers a fifth of all requests, every request gets its answer."""
    serve_cluster.deploy(Settings(models_dir=models[1]), 4)
    *_, (node_id, port) = serve_cluster.ports.items()
    lost_url = f"http://127.0.0.1:{port}"
    [victim] = [each for each in serve_cluster.wait_for_replicas(4) if each.node_id == node_id]

    with running_load(serve_cluster.urls, DIGIT) as load:
        before = serve_cluster.count_answers()
        load.wait_for_answers(300)
        answered = serve_cluster.count_answers() - before
        killed_s = time.monotonic()
        serve_cluster.remove(node_id)
        load.wait_for_answers(300)
        wait_until(lambda: victim not in serve_cluster.replicas(), "the end of its replica")
        time.sleep(5)  # for as long as Serve may still send requests there
        noticed_s = time.monotonic()
        load.wait_for_answers(100)

    assert answered[victim.process_id] >= answered.total() / 5
    assert not load.lost
    assert not load.failures_beside(killed_s, noticed_s, lost_url)


def _comparable(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    """Return what must be equal."""
    headers = {name: text for name, text in answer.headers.items() if name not in NOT_COMPARED}
    return answer.status_code, headers, answer.content
