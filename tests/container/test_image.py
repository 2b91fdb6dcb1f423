"""What the CPU image is made of."""

import json
import re
import subprocess
from typing import Any

import pytest

from tests.container.engine import ROOT, docker, inspect, try_docker

MAX_BYTES_ABOVE_BASE = 250_000_000
OUR_FIRST_LAYER = "groupadd --system"
# What the service never imports of the standard library, and Python's own packages, which the environment does not see.
LEFT_OUT = "ensurepip idlelib lib2to3 site-packages test tests tkinter turtledemo"
FIND_SOURCES_WITHOUT_BYTE_CODE = f"""
import importlib.util, pathlib, sys
left_out = set("{LEFT_OUT}".split())
for folder in map(pathlib.Path, sys.path[1:]):
    for source in folder.rglob("*.py"):
        if left_out.isdisjoint(source.relative_to(folder).parts):
            if not pathlib.Path(importlib.util.cache_from_source(source)).exists():
                print(source)
"""
FIND_MODULES_WITHOUT_BYTE_CODE = """
import http.client, json, pathlib, ssl, sys
import service.cli
sources = [module.__spec__ for module in list(sys.modules.values()) if getattr(module, "__spec__", None)]
print([spec.name for spec in sources if spec.cached and not pathlib.Path(spec.cached).exists()])
"""

CHECK_A_SERVICE_THAT_IS_NOT_READY = """
import http.server, runpy, threading
class NotReady(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_error(503)
server = http.server.HTTPServer(("127.0.0.1", 8000), NotReady)
threading.Thread(target=server.serve_forever, daemon=True).start()
runpy.run_path("/app/healthcheck.py", run_name="__main__")
"""


@pytest.fixture(scope="module")
def config(image: str) -> Any:
    """What the image tells the engine about running it."""
    return inspect(image)["Config"]


def run_python(image: str, program: str) -> str:
    """Run a program in the image, with nothing around it, and return what it printed."""
    command = ("run", "--rm", "--network", "none", "--entrypoint", "python", image, "-c", program)
    return docker(*command)


def layers_of(image: str) -> list[tuple[str, str]]:
    """Return the size in bytes of each layer and what made it, the newest first."""
    options = ("--no-trunc", "--human=false", "--format", "{{.Size}}\t{{.CreatedBy}}")
    rows = docker("history", *options, image).splitlines()
    return [(size, command) for size, _, command in (row.partition("\t") for row in rows)]


class TestContents:
    """The layers."""

    def test_size(self, image: str) -> None:
        """The layers above the base image have at most 250 MB."""
        layers = layers_of(image)
        (first,) = (at for at, layer in enumerate(layers) if OUR_FIRST_LAYER in layer[1])

        assert sum(int(size) for size, _ in layers[: first + 1]) <= MAX_BYTES_ABOVE_BASE

    def test_packages_lie_below_the_code(self, image: str) -> None:
        """New code leaves the layers of the packages and of the models as they are."""
        commands = [command for _, command in layers_of(image)]
        places = [
            at
            for path in ("/opt/venv /opt/venv", "/models /app/models", "/app /app")
            for at, command in enumerate(commands)
            if command.startswith(f"COPY {path} ")
        ]

        assert len(places) == 3
        assert places == sorted(places, reverse=True)

    def test_no_tensorflow(self, image: str) -> None:
        """TensorFlow is not installed."""
        said = run_python(image, "import importlib.util as u; print(u.find_spec('tensorflow'))")

        assert said == "None\n"

    def test_only_what_is_served(self, image: str) -> None:
        """Beside the service there are its models, its health check and the licences."""
        said = run_python(image, "import os; print(sorted(os.listdir('/app')))")

        names = "['LICENSE', 'NOTICE', '__pycache__', 'digitserve_client', 'healthcheck.py', 'models', 'service']"
        assert said == f"{names}\n"

    def test_packages_are_those_of_the_list(self, image: str) -> None:
        """What is installed is what the locked list names, no package more; so the list of licences is true."""
        listing = "from importlib.metadata import distributions as d; print(*(f'{x.name}=={x.version}' for x in d()))"
        locked = (ROOT / "requirements/service.txt").read_text()

        packages = (package.split("==") for package in run_python(image, listing).split())
        installed = {
            f"{re.sub('[-_.]+', '-', name).lower()}=={version}" for name, version in packages
        }

        assert len(installed) > 20
        assert installed <= set(re.findall(r"^([\w.-]+==[\w.]+)", locked, re.MULTILINE))

    def test_byte_code(self, image: str) -> None:
        """Every module has its byte code, which a read-only container cannot write."""
        assert run_python(image, FIND_SOURCES_WITHOUT_BYTE_CODE) == ""

    def test_byte_code_of_what_is_imported(self, image: str) -> None:
        """Nothing that the service or its health check imports is compiled anew in each process."""
        assert run_python(image, FIND_MODULES_WITHOUT_BYTE_CODE) == "[]\n"


class TestConfig:
    """What the image tells the engine."""

    def test_user(self, config: Any) -> None:
        """The user is a number, which every orchestrator can tell from root's."""
        assert config["User"] == "10001:10001"

    def test_command(self, config: Any) -> None:
        """No shell stands between the engine's signals and the service."""
        command = [*config["Entrypoint"], *config["Cmd"]]

        assert command[:4] == ["python", "-m", "service", "serve"]
        assert command[4:] == ["--host", "0.0.0.0", "--port", "8000"]  # noqa: S104 - in the container

    def test_health_check(self, config: Any) -> None:
        """The health check is the image's own Python."""
        assert config["Healthcheck"]["Test"] == ["CMD", "python", "-IS", "/app/healthcheck.py"]

    def test_labels(self, config: Any) -> None:
        """The labels of the OCI name the release."""
        (version,) = re.findall(r'__version__ = "(.+)"', (ROOT / "service/__init__.py").read_text())
        labels = config["Labels"]

        assert labels["org.opencontainers.image.title"] == "digitserve"
        assert labels["org.opencontainers.image.version"] == version
        assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
        assert labels["org.opencontainers.image.base.name"] in (ROOT / "Dockerfile").read_text()
        assert re.fullmatch("[0-9a-f]{40}|unknown", labels["org.opencontainers.image.revision"])


class TestCommands:
    """What the image does besides serving."""

    def test_predict(self, image: str) -> None:
        """The rest of the command line works without a network."""
        command = ("run", "--rm", "--interactive", "--network", "none", image, "predict", "--json")

        said = docker(*command, "-", stdin=(ROOT / "docs/images/seven.png").read_bytes())

        assert json.loads(said)["class"] == 7

    def test_gpu_is_required(self, image: str) -> None:
        """Without the GPU that the settings demand it ends with one line and code 3."""
        finished = _run(image, "--env", "DIGITSERVE_REQUIRE_GPU=1")

        assert finished.returncode == 3
        assert b"digitserve: A GPU is required" in finished.stderr

    def test_health_check_without_a_service(self, image: str) -> None:
        """The health check fails where nothing answers, and says so."""
        finished = _run(image, "--entrypoint", "python", arguments=("-IS", "/app/healthcheck.py"))

        assert finished.returncode == 1
        assert finished.stdout.startswith(b"No answer: ")

    def test_health_check_of_a_service_that_is_not_ready(self, image: str) -> None:
        """The health check fails where the readiness probe does."""
        program = ("-c", CHECK_A_SERVICE_THAT_IS_NOT_READY)

        finished = _run(image, "--entrypoint", "python", arguments=program)

        assert finished.returncode == 1
        assert finished.stdout.startswith(b"503 ")


def _run(
    image: str, *options: str, arguments: tuple[str, ...] = ()
) -> "subprocess.CompletedProcess[bytes]":
    """Run the image to its end."""
    return try_docker("run", "--rm", "--network", "none", *options, image, *arguments)
