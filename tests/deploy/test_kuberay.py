"""The manifests of Ray Serve by KubeRay: valid, hardened, and with the configuration that the service writes."""

import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from service import __version__
from service.cluster.ray_config import Address, Bounds, describe_service
from service.settings import Settings
from tests.deploy.custom_kinds import Resource, validate
from tests.deploy.test_kubernetes import FOLDER, ROOT, find

DRAINED_S = 25  # drain, answers in work and exit, each at its longest


@pytest.fixture(scope="module")
def resources() -> list[Resource]:
    """The resources of the folder."""
    kubectl = f"{sys.prefix}/bin/kubectl"
    command = [kubectl, "kustomize", str(FOLDER / "kuberay")]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(finished.stdout))


@pytest.fixture(scope="module")
def service(resources: list[Resource]) -> Any:
    """What the service is made of."""
    return find(resources, "RayService")["spec"]


@pytest.fixture(scope="module")
def pods(service: Any) -> list[Any]:
    """The pods of the head and of the workers."""
    cluster = service["rayClusterConfig"]
    groups = (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])
    return [group["template"]["spec"] for group in groups]


def test_is_valid(resources: list[Resource]) -> None:
    """Every resource is what its schema describes, without a field that it does not know."""
    for resource in resources:
        validate(resource)

    assert {resource["kind"] for resource in resources} == {
        "Namespace",
        "NetworkPolicy",
        "RayService",
    }


def test_configuration_is_the_service_s_own(service: Any) -> None:
    """The application's configuration is what `digitserve ray-config` writes, but for where it listens."""
    expected = describe_service(Settings(), Bounds(min_replicas=2), Address("0.0.0.0"))  # noqa: S104

    assert yaml.safe_load(service["serveConfigV2"]) == expected


def test_nodes_have_room_for_the_replicas(service: Any) -> None:
    """There may be as many pods as replicas, each with the CPU of one."""
    (group,) = service["rayClusterConfig"]["workerGroupSpecs"]
    (deployment,) = yaml.safe_load(service["serveConfigV2"])["applications"][0]["deployments"]
    scaling = deployment["autoscaling_config"]

    assert (group["minReplicas"], group["maxReplicas"]) == (
        scaling["min_replicas"],
        scaling["max_replicas"],
    )
    assert float(group["rayStartParams"]["num-cpus"]) == deployment["ray_actor_options"]["num_cpus"]


def test_ray_is_that_of_the_image(service: Any) -> None:
    """The version is the one that the image's list locks."""
    locked = (ROOT / "requirements/service-ray.txt").read_text()
    (version,) = re.findall(r"^ray\[.*\]==(\S+)", locked, re.MULTILINE)

    assert service["rayClusterConfig"]["rayVersion"] == version


def test_pods_are_restricted(resources: list[Resource], pods: list[Any]) -> None:
    """Every pod keeps to the restricted standard, which the namespace enforces, and runs this release's image."""
    labels = find(resources, "Namespace")["metadata"]["labels"]

    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    for pod in pods:
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        assert container["image"] == f"digitserve:{__version__}-ray"


def test_termination_is_longer_than_the_drain(pods: list[Any]) -> None:
    """A worker's pod has time for its replica to drain."""
    assert pods[1]["terminationGracePeriodSeconds"] > DRAINED_S


def test_a_worker_is_ready_whose_proxy_is(service: Any, pods: list[Any]) -> None:
    """Requests go to workers whose proxy takes some, at its port; a raylet that lives is not enough."""
    port = yaml.safe_load(service["serveConfigV2"])["http_options"]["port"]
    (container,) = pods[1]["containers"]

    assert container["readinessProbe"]["httpGet"] == {"path": "/-/healthz", "port": "serve"}
    assert {"name": "serve", "containerPort": port} in container["ports"]


def test_only_ray_reaches_ray(resources: list[Resource]) -> None:
    """From elsewhere only predictions can be asked for; the dashboard is the operator's alone."""
    ingress = find(resources, "NetworkPolicy")["spec"]["ingress"]
    strangers = [rule for rule in ingress if {"namespaceSelector": {}} in rule["from"]]

    assert [[port["port"] for port in rule["ports"]] for rule in strangers] == [[8000]]
