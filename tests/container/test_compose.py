"""The compose files: valid in every combination, hardened, and at work."""

import json
import os
from collections.abc import Generator
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.container.engine import ROOT, default_of, docker, find_url, inspect, run_tool

ROOT_FILE, CPU_FILE, GPU_FILE = "compose.yaml", "docker/compose.yaml", "docker/compose.gpu.yaml"
SCALE_FILE, MONITORING_FILE = "docker/compose.scale.yaml", "docker/compose.monitoring.yaml"
TRAINING_FILE = "docker/compose.training.yaml"
ADDED = {SCALE_FILE: {"proxy"}, MONITORING_FILE: {"prometheus", "grafana"}}
WORKERS = {"worker-0", "worker-1"}
OVERRIDES = (GPU_FILE, SCALE_FILE, MONITORING_FILE)
COMBINATIONS: list[tuple[str, ...]] = [(ROOT_FILE,)]
COMBINATIONS += [
    (CPU_FILE, *files) for number in range(4) for files in combinations(OVERRIDES, number)
]
COMBINATIONS += [(*files, TRAINING_FILE) for files in ((CPU_FILE,), COMBINATIONS[-1])]
PROJECT = f"digitserve-test-{os.getpid()}"


def read_config(*files: str, profile: str = "*") -> Any:
    """Return what compose makes of files."""
    options = [option for file in files for option in ("--file", file)]
    return json.loads(
        docker("compose", *options, "--profile", profile, "config", "--format", "json")
    )


@pytest.mark.usefixtures("_engine")
class TestConfig:
    """What compose makes of the files."""

    @pytest.mark.parametrize("profile", ["", "training", "workers", "*"])
    @pytest.mark.parametrize("files", COMBINATIONS, ids=" + ".join)
    def test_is_valid(self, files: tuple[str, ...], profile: str) -> None:
        """Every combination makes sense, and has the service; training and its workers come by their profiles."""
        config = read_config(*files, profile=profile)

        expected = {"service"}.union(*(ADDED.get(file, set()) for file in files))
        if profile in {"training", "*"}:
            expected |= {"training"}
        if profile in {"workers", "*"} and TRAINING_FILE in files:
            expected |= WORKERS
        assert set(config["services"]) == expected
        assert config["name"] == "digitserve"

    @pytest.mark.parametrize("files", COMBINATIONS, ids=" + ".join)
    def test_keeps_to_the_schema(self, files: tuple[str, ...], tmp_path: Path) -> None:
        """What compose makes of every combination is what the compose specification describes."""
        (tmp_path / "config.json").write_text(json.dumps(read_config(*files)))

        finished = run_tool(
            "check-jsonschema", "--builtin-schema", "vendor.compose-spec", tmp_path / "config.json"
        )

        assert finished.returncode == 0, finished.stdout

    @pytest.mark.parametrize("files", COMBINATIONS[1:], ids=" + ".join)
    def test_is_hardened(self, files: tuple[str, ...]) -> None:
        """No container can write its root, has a capability or goes without bounds."""
        for service in read_config(*files)["services"].values():
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]
            assert int(service["mem_limit"]) > 0
            assert int(service["pids_limit"]) > 0
            assert not service.get("privileged")

    def test_listens_on_loopback(self) -> None:
        """Without a setting nobody but this machine reaches the service."""
        (port,) = read_config(CPU_FILE)["services"]["service"]["ports"]

        assert (port["host_ip"], port["published"], port["target"]) == ("127.0.0.1", "8000", 8000)

    def test_only_the_proxy_listens(self) -> None:
        """With replicas the proxy alone has the port, still on loopback."""
        services = read_config(CPU_FILE, SCALE_FILE)["services"]
        (port,) = services["proxy"]["ports"]

        assert "ports" not in services["service"]
        assert services["service"]["deploy"]["replicas"] == 2
        assert (port["host_ip"], port["published"], port["target"]) == ("127.0.0.1", "8000", 8000)

    def test_gpu(self) -> None:
        """The override asks for one GPU, and for a start that fails without it."""
        service = read_config(CPU_FILE, GPU_FILE)["services"]["service"]
        (device,) = service["deploy"]["resources"]["reservations"]["devices"]

        assert (device["driver"], device["device_ids"]) == ("nvidia", ["0"])
        assert service["environment"]["DIGITSERVE_REQUIRE_GPU"] == "1"
        assert service["image"] == "digitserve:latest-gpu"

    def test_training_by_workers(self) -> None:
        """Each worker knows all of them by name and its own place, and all do the same with the same volumes."""
        services = read_config(CPU_FILE, TRAINING_FILE, profile="workers")["services"]
        workers = [services["worker-0"], services["worker-1"]]
        told = [json.loads(worker["environment"]["TF_CONFIG"]) for worker in workers]

        assert [config["task"] for config in told] == [
            {"type": "worker", "index": 0},
            {"type": "worker", "index": 1},
        ]
        for config, worker in zip(told, workers, strict=True):
            assert config["cluster"]["worker"] == ["worker-0:4000", "worker-1:4000"]
            assert worker["command"] == workers[0]["command"]
            assert worker["volumes"] == workers[0]["volumes"]
            assert worker["read_only"] is True

    def test_labels(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever compose builds is labelled with the commit that the environment names."""
        monkeypatch.setenv("DIGITSERVE_REVISION", "0123abc")
        services = read_config(CPU_FILE, GPU_FILE, TRAINING_FILE)["services"]

        args = [service["build"]["args"] for service in services.values()]

        assert len(args) == 4
        assert {arg["REVISION"] for arg in args} == {"0123abc"}
        assert {arg["VERSION"] for arg in args} == {default_of("DIGITSERVE_VERSION")}

    def test_others_settings(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What uvicorn and OpenTelemetry read themselves reaches the service where it is set, and only there."""
        monkeypatch.setenv("FORWARDED_ALLOW_IPS", "192.0.2.1")
        monkeypatch.setenv("OTEL_SERVICE_NAME", "digits")
        monkeypatch.delenv("OTEL_TRACES_SAMPLER", raising=False)

        environment = read_config(CPU_FILE)["services"]["service"]["environment"]

        assert environment["FORWARDED_ALLOW_IPS"] == "192.0.2.1"
        assert environment["OTEL_SERVICE_NAME"] == "digits"
        assert environment["OTEL_TRACES_SAMPLER"] is None

    def test_training_on_a_gpu(self) -> None:
        """The override has the pipeline built for the GPU, and gives it the same one."""
        services = read_config(CPU_FILE, GPU_FILE)["services"]
        training, service = services["training"], services["service"]

        assert training["build"]["args"]["VARIANT"] == "gpu"
        assert training["deploy"] == service["deploy"]


@pytest.mark.usefixtures("_engine")
@pytest.mark.parametrize(
    ("image_name", "variable", "program"),
    [
        ("haproxy", "DIGITSERVE_HAPROXY_TAG", "haproxy"),
        ("prom/prometheus", "DIGITSERVE_PROMETHEUS_TAG", "prometheus"),
    ],
)
def test_release(image_name: str, variable: str, program: str) -> None:
    """What is tested here is of the release that the compose files name."""
    tag = default_of(variable)
    flag = "-v" if program == "haproxy" else "--version"

    said = docker(
        "run", "--rm", "--network", "none", "--entrypoint", program, f"{image_name}:{tag}", flag
    )

    assert f"ersion {tag.removeprefix('v')}" in said


def test_gpu_is_asked_for(image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container of the GPU override asks the engine for one GPU; it is made, not started, of any image."""
    project, files = ("compose", "--project-name", f"{PROJECT}-gpu"), (CPU_FILE, GPU_FILE)
    options = [option for file in files for option in ("--file", file)]
    monkeypatch.setenv("DIGITSERVE_TAG", PROJECT)
    stand_in = f"digitserve:{PROJECT}-gpu"
    docker("tag", image, stand_in)
    try:
        docker(*project, *options, "create", "--no-build", "--pull", "never", "service")
        container = docker(*project, *options, "ps", "--all", "--quiet", "service").strip()
        (request,) = inspect(container)["HostConfig"]["DeviceRequests"]
    finally:
        docker(*project, *options, "down", "--volumes")
        docker("rmi", stand_in)

    assert (request["Driver"], request["DeviceIDs"]) == ("nvidia", ["0"])
    assert request["Capabilities"] == [["gpu"]]


@pytest.fixture(scope="class")
def container(image: str) -> Generator[str]:
    """The service of `docker compose up`, from the root, on a free port."""
    project = ("compose", "--project-name", PROJECT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITSERVE_PORT", "0")
        patch.setenv("DIGITSERVE_CPUS", "1.5")
        try:
            docker(*project, "up", "--no-build", "--detach", "--wait", "--wait-timeout", "120")
            yield docker(*project, "ps", "--quiet", "service").strip()
        finally:
            docker(*project, "--profile", "*", "down", "--volumes", "--remove-orphans")


class TestUp:
    """Of `docker compose up`."""

    def test_predict(self, container: str) -> None:
        """The service answers on the port, and the README's picture is a 7."""
        picture = (ROOT / "docs/images/seven.png").read_bytes()

        answer = httpx.post(f"{find_url(container)}/predict", content=picture)

        assert answer.json()["class"] == 7

    def test_models_are_read_only(self, container: str) -> None:
        """The volume of bundles cannot be written by the service."""
        (volume,) = inspect(container)["Mounts"]

        assert (volume["Destination"], volume["RW"]) == ("/models", False)

    def test_bounds(self, container: str) -> None:
        """The limits of memory and of CPUs reach the engine."""
        bounds = inspect(container)["HostConfig"]

        assert (bounds["Memory"], bounds["NanoCpus"]) == (2 * 1024**3, 1_500_000_000)
