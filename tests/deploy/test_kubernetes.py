"""The Kubernetes manifests: valid in every overlay, hardened, and true to what the service promises."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from benchmarks.simulation.scenarios import GOAL_S, read_scenarios
from service import __version__
from service.settings import Settings
from tests.deploy.custom_kinds import Resource, validate

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/kubernetes"
OVERLAYS = sorted(path.name for path in (FOLDER / "overlays").iterdir())


def render(overlay: str) -> list[Resource]:
    """Return the resources of an overlay."""
    kubectl = Path(sys.executable).parent / "kubectl"
    finished = subprocess.run(
        [kubectl, "kustomize", FOLDER / "overlays" / overlay],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return list(yaml.safe_load_all(finished.stdout))


def find(resources: list[Resource], kind: str) -> Resource:
    """Return the only resource of a kind."""
    (resource,) = [resource for resource in resources if resource["kind"] == kind]
    return resource


def pod_of(resources: list[Resource]) -> Resource:
    """Return what a pod of the deployment is made of."""
    pod: Resource = find(resources, "Deployment")["spec"]["template"]["spec"]
    return pod


def container_of(resources: list[Resource]) -> Resource:
    """Return the only container of a pod."""
    (container,) = pod_of(resources)["containers"]
    return dict(container)


def environment_of(resources: list[Resource]) -> dict[str, str]:
    """Return the settings in a pod."""
    return {entry["name"]: entry["value"] for entry in container_of(resources)["env"]}


@pytest.fixture(scope="module", params=OVERLAYS)
def resources(request: pytest.FixtureRequest) -> list[Resource]:
    """The resources of each overlay."""
    return render(request.param)


class TestEveryOverlay:
    """What holds in each of them."""

    def test_is_valid(self, resources: list[Resource]) -> None:
        """Every resource is what its schema describes, without a field that it does not know."""
        for resource in resources:
            validate(resource)

        assert len(resources) >= 6

    def test_pods_are_restricted(self, resources: list[Resource]) -> None:
        """A pod keeps to the restricted standard, which its namespace enforces."""
        pod, container = pod_of(resources), container_of(resources)
        labels = find(resources, "Namespace")["metadata"]["labels"]

        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }

    def test_termination_is_longer_than_the_drain(self, resources: list[Resource]) -> None:
        """A pod has time to sleep, to drain, and to answer what is in work, each at its longest."""
        drain_s = int(environment_of(resources)["DIGITSERVE_DRAIN_TIMEOUT_S"])
        sleep_s = container_of(resources)["lifecycle"]["preStop"]["sleep"]["seconds"]

        assert pod_of(resources)["terminationGracePeriodSeconds"] > sleep_s + 2 * drain_s

    def test_probes(self, resources: list[Resource]) -> None:
        """Ready is who can predict; alive is whose event loop turns."""
        container = container_of(resources)
        paths = {
            probe: container[f"{probe}Probe"]["httpGet"]["path"]
            for probe in ("startup", "readiness", "liveness")
        }

        assert paths == {
            "startup": "/health/ready",
            "readiness": "/health/ready",
            "liveness": "/health/live",
        }

    def test_settings_are_settings(self, resources: list[Resource]) -> None:
        """Every variable is a setting of the service, and has a value that it takes."""
        values = {
            name.removeprefix("DIGITSERVE_").lower(): value
            for name, value in environment_of(resources).items()
        }

        settings = Settings.model_validate(values)

        assert values.keys() <= type(settings).model_fields.keys()

    def test_image_is_of_this_release(self, resources: list[Resource]) -> None:
        """The image's tag is the version of the service in this checkout."""
        assert container_of(resources)["image"].startswith(f"digitserve:{__version__}-")

    def test_one_at_a_time(self, resources: list[Resource]) -> None:
        """No pod leaves before another is ready, and the cluster may take one at a time."""
        rollout = find(resources, "Deployment")["spec"]["strategy"]["rollingUpdate"]

        assert rollout == {"maxSurge": 1, "maxUnavailable": 0}
        assert find(resources, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1

    def test_pods_are_spread(self, resources: list[Resource]) -> None:
        """Pods keep apart, by zone and by machine."""
        keys = [spread["topologyKey"] for spread in pod_of(resources)["topologySpreadConstraints"]]

        assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]

    def test_service_asks_nobody(self, resources: list[Resource]) -> None:
        """Only the HTTP port can be reached, and nothing from within."""
        policy = find(resources, "NetworkPolicy")["spec"]

        assert policy["egress"] == []
        assert [port["port"] for rule in policy["ingress"] for port in rule["ports"]] == ["http"]


class TestOverlays:
    """What each overlay adds."""

    def test_cpu_scales_by_requests_in_work(self) -> None:
        """The autoscaler follows the service's own metric of requests in work."""
        spec = find(render("cpu"), "HorizontalPodAutoscaler")["spec"]
        (metric,) = spec["metrics"]

        assert metric["pods"]["metric"]["name"] == "digitserve_requests_in_flight"
        assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 20)

    def test_keda_scales_by_the_same(self) -> None:
        """KEDA's object asks for the same metric, with the same bounds."""
        spec = find(render("keda"), "ScaledObject")["spec"]
        (trigger,) = spec["triggers"]

        assert "digitserve_requests_in_flight" in trigger["metadata"]["query"]
        assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (2, 20)

    @pytest.mark.parametrize("overlay", OVERLAYS)
    def test_only_one_says_how_many_pods(self, overlay: str) -> None:
        """Where an autoscaler counts the pods, the deployment does not: applied again, it would undo its work."""
        resources = render(overlay)
        scalers = {"HorizontalPodAutoscaler", "ScaledObject"} & {
            resource["kind"] for resource in resources
        }

        assert len(scalers) == ("replicas" not in find(resources, "Deployment")["spec"])

    def test_p99_holds_by_simulation(self) -> None:
        """The settings for a low 99th percentile are ones under which the simulation answers a whole crowd in time."""
        resources = render("p99")
        scaler = find(resources, "HorizontalPodAutoscaler")["spec"]
        (metric,) = scaler["metrics"]
        settings = {
            "standing": scaler["minReplicas"],
            "max_waiting": int(environment_of(resources)["DIGITSERVE_MAX_WAITING"]),
            "target": float(metric["pods"]["target"]["averageValue"]),
        }
        (result, _) = (
            result
            for result in read_scenarios()
            if result.study == "crowd" and settings.items() <= result.settings.items()
        )

        assert metric["pods"]["metric"]["name"] == "digitserve_requests_in_flight"
        assert result.soon >= 0.99
        assert result.p99_ms <= 1000 * GOAL_S
        assert container_of(resources)["resources"]["requests"]["cpu"] == "1"

    def test_gpu(self) -> None:
        """A pod asks for one GPU, refuses to start without it, and has its own image."""
        resources = render("gpu")
        container = container_of(resources)

        assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
        assert environment_of(resources)["DIGITSERVE_REQUIRE_GPU"] == "1"
        assert container["image"] == f"digitserve:{__version__}-gpu"

    def test_models_volume_is_read_only(self) -> None:
        """Bundles of a volume are served from where it is mounted, read-only."""
        resources = render("models-volume")
        (mount,) = [
            mount for mount in container_of(resources)["volumeMounts"] if mount["name"] == "models"
        ]

        assert environment_of(resources)["DIGITSERVE_MODELS_DIR"] == mount["mountPath"]
        assert mount["readOnly"] is True

    def test_models_volume_can_be_filled(self) -> None:
        """Several nodes may write the claim, and the pod that fills it is valid, restricted and mounts it so."""
        folder = FOLDER / "overlays/models-volume"
        claim = find(render("models-volume"), "PersistentVolumeClaim")
        pod = yaml.safe_load((folder / "fill.yaml").read_text())
        (container,), serving = pod["spec"]["containers"], render("models-volume")

        validate(pod)
        assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
        assert pod["spec"]["volumes"][0]["persistentVolumeClaim"] == {"claimName": "models"}
        assert container["volumeMounts"] == [{"name": "models", "mountPath": "/models"}]
        assert pod["spec"]["securityContext"] == pod_of(serving)["securityContext"]
        assert container["securityContext"] == container_of(serving)["securityContext"]
        assert container["image"] == container_of(serving)["image"]

    def test_alerts_are_those_of_compose(self) -> None:
        """The Prometheus operator gets the alerts that are tested beside the compose files."""
        alerts = yaml.safe_load((ROOT / "docker/monitoring/alerts.yml").read_text())

        assert find(render("monitoring"), "PrometheusRule")["spec"] == alerts

    def test_monitor_scrapes_the_port_of_the_pods(self) -> None:
        """The monitor asks the named port of the service's own pods for their metrics."""
        resources = render("monitoring")
        monitor = find(resources, "PodMonitor")["spec"]
        labels = find(resources, "Deployment")["spec"]["template"]["metadata"]["labels"]
        (endpoint,) = monitor["podMetricsEndpoints"]

        assert monitor["selector"]["matchLabels"].items() <= labels.items()
        assert endpoint["port"] == container_of(resources)["ports"][0]["name"]
        assert endpoint["path"] == "/metrics"
