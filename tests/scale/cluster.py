"""A real cluster of Ray on this machine: a raylet and a proxy of Serve's for each node, and replicas in processes."""

import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import ray
from ray import serve
from ray.cluster_utils import Cluster
from ray.serve.context import _get_global_client
from ray.serve.schema import ServeDeploySchema

from service.cluster.ray_config import APPLICATION, DEPLOYMENT, Address, Bounds, describe_service
from service.settings import Settings

OBJECT_STORE_BYTES = 80 * 1024 * 1024
ATTEMPTS = 3  # at the start of a node
TIMEOUT_S = 240.0  # of whatever is waited for; a busy machine starts processes slowly
# As often as a test can wait for; the defaults are ten seconds.
FAST_METRICS = {
    "RAY_SERVE_HANDLE_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
    "RAY_SERVE_REPLICA_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
}


@dataclass(frozen=True)
class Replica:
    """A replica that runs.

    Attributes:
        node_id: Of its node.
        process_id: Of its process.
    """

    node_id: str
    process_id: int


@dataclass
class ServeCluster:
    """A cluster whose nodes have a proxy each.

    Attributes:
        cluster: Of Ray.
        ports: By node, where its proxy listens; the head is the first.
        nodes: By node, what the cluster needs to end it.
    """

    cluster: Any
    ports: dict[str, int] = field(default_factory=dict)
    nodes: dict[str, Any] = field(default_factory=dict)

    @property
    def urls(self) -> list[str]:
        """Where the proxies are."""
        return [f"http://127.0.0.1:{port}" for port in self.ports.values()]

    def deploy(
        self, settings: Settings, num_replicas: int, *, min_replicas: int | None = None
    ) -> None:
        """Deploy what `digitserve ray-config` writes, so that it follows load within seconds; do not wait."""
        bounds = Bounds(min_replicas or num_replicas, num_replicas)
        service = describe_service(settings, bounds, Address(port=next(iter(self.ports.values()))))
        [deployment] = service["applications"][0]["deployments"]
        deployment["autoscaling_config"] |= {
            "look_back_period_s": 3.0,
            "upscale_delay_s": 1.0,
            "downscale_delay_s": 3.0,
            "target_ongoing_requests": 2,
        }
        _get_global_client().deploy_apps(ServeDeploySchema.model_validate(service))

    def replicas(self) -> list[Replica]:
        """Return the replicas that run."""
        details = _get_global_client().get_serve_details()
        deployments = details["applications"].get(APPLICATION, {}).get("deployments", {})
        found = deployments.get(DEPLOYMENT, {}).get("replicas", [])
        return [
            Replica(each["node_id"], each["pid"]) for each in found if each["state"] == "RUNNING"
        ]

    def wait_for_replicas(self, count: int) -> list[Replica]:
        """Wait until so many run, and the application and the proxies of their nodes with them."""
        wait_until(lambda: self.is_running() and len(self.replicas()) == count, f"{count} replicas")
        wait_until(lambda: all(map(_is_healthy, self.urls_of(self.replicas()))), "the proxies")
        return self.replicas()

    def urls_of(self, replicas: list[Replica]) -> list[str]:
        """Return where the proxies of replicas' nodes are; a node without replicas has none but for the head."""
        nodes = {replica.node_id for replica in replicas}
        return [f"http://127.0.0.1:{port}" for node, port in self.ports.items() if node in nodes]

    def is_running(self) -> bool:
        """Tell whether the application runs as it was deployed last."""
        status = serve.status().applications.get(APPLICATION)
        return status is not None and status.status == "RUNNING"

    def remove(self, node_id: str) -> None:
        """End a node at once, with all that runs on it."""
        del self.ports[node_id]
        self.cluster.remove_node(self.nodes.pop(node_id), allow_graceful=False)

    def read_metrics(self, node_id: str) -> str:
        """Return what Ray's agent on a node tells Prometheus."""
        [port] = [each["MetricsExportPort"] for each in ray.nodes() if each["NodeID"] == node_id]
        return httpx.get(
            f"http://{self.nodes[node_id].node_ip_address}:{port}/metrics", timeout=60
        ).text

    def count_answers(self) -> Counter[int]:
        """Count the answers to uploads by the process that gave them, as their logs tell."""
        logs = Path(self.cluster.head_node.get_logs_dir_path())
        return Counter(
            int(log.stem.rsplit("-", 1)[1])
            for log in logs.glob("worker-*.err")
            for line in log.read_text(errors="replace").splitlines()
            if '"path":"/predict","status":200' in line
        )


@contextmanager
def running_cluster(cpus: list[int]) -> Iterator[ServeCluster]:
    """Start a cluster with Serve, connect to it, and end everything afterwards.

    Args:
        cpus: Of each node, how many replicas have room on it; the head is the first.
    """
    os.environ.update(FAST_METRICS)
    ports = [free_port() for _ in cpus]
    cluster = Cluster()
    try:
        started = [_add_node(cluster, *node) for node in zip(cpus, ports, strict=True)]
        cluster.wait_for_nodes(TIMEOUT_S)
        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
        serve.start(
            proxy_location="EveryNode", http_options={"host": "127.0.0.1", "port": ports[0]}
        )
        ids = [node.node_id for node in started]
        yield ServeCluster(
            cluster, dict(zip(ids, ports, strict=True)), dict(zip(ids, started, strict=True))
        )
        serve.shutdown()
    finally:
        ray.shutdown()
        cluster.shutdown()


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Wait for something; fail if it does not come."""
    deadline = time.monotonic() + TIMEOUT_S
    while not is_so():
        assert time.monotonic() < deadline, f"Waited {TIMEOUT_S:.0f} s for {what}."
        time.sleep(0.3)


def _is_healthy(url: str) -> bool:
    """Tell whether a proxy takes requests."""
    try:
        return httpx.get(f"{url}/-/healthz", timeout=30).status_code == HTTPStatus.OK
    except httpx.TransportError:
        return False


def _add_node(cluster: Any, num_cpus: int, port: int) -> Any:
    """Start a node whose proxy listens on a port of its own; Ray waits 30 s for it, too few on a busy machine."""
    for attempt in range(ATTEMPTS):
        try:
            return cluster.add_node(
                wait=not cluster.head_node,
                num_cpus=num_cpus,
                object_store_memory=OBJECT_STORE_BYTES,
                include_dashboard=False,
                env_vars={"RAY_SERVE_WORKER_PROXY_HTTP_PORT": str(port)},
            )
        except Exception:  # a plain one
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
