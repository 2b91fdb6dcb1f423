"""The pipeline's image, and by `make test-container-training` a run of it whose result the service takes."""

import os
import re
from collections.abc import Generator
from typing import Any

import httpx
import pytest

from tests.container.engine import HARDENED, ROOT, docker, find_url, inspect, require_image
from training.data import cache_dir, load_mnist

PROJECT = f"digitserve-training-{os.getpid()}"
RUN = ("--rm", "--network", "none", *HARDENED)
SEVEN = (ROOT / "docs/images/seven.png").read_bytes()
IMPORT_ALL = "import tensorflow, training.commands as c; print(tensorflow.__version__)"
KEEP_MNIST = "mkdir -p /training/cache && cp -r /mnist /training/cache/"
RELOAD = "import httpx; print(httpx.post('http://127.0.0.1:8000/model/reload', timeout=300).text)"


@pytest.fixture(scope="module")
def training_image(_engine: None) -> str:
    """Name of the pipeline's image, which compose built."""
    return require_image("digitserve:latest-training")


class TestImage:
    """What the image is."""

    def test_user_and_labels(self, training_image: str) -> None:
        """Its user is the service's, and its labels name the release."""
        (version,) = re.findall(r'__version__ = "(.+)"', (ROOT / "service/__init__.py").read_text())
        config: Any = inspect(training_image)["Config"]

        assert config["User"] == "10001:10001"
        assert config["Labels"]["org.opencontainers.image.title"] == "digitserve"
        assert config["Labels"]["org.opencontainers.image.version"] == version

    def test_help(self, training_image: str) -> None:
        """Asked for nothing it tells its commands."""
        said = docker("run", *RUN, training_image)

        assert said.startswith("usage: ")
        assert all(command in said for command in ("train", "reproduce", "export"))

    def test_tensorflow(self, training_image: str) -> None:
        """TensorFlow and the pipeline are imported where nothing can be written, in the release that is locked."""
        said = docker("run", *RUN, "--entrypoint", "python", training_image, "-c", IMPORT_ALL)

        assert f"\ntensorflow=={said.strip()} " in (ROOT / "requirements/training.txt").read_text()


def compose(*arguments: str) -> str:
    """Run compose on a project of this module."""
    return docker("compose", "--project-name", PROJECT, *arguments)


@pytest.fixture
def project(training_image: str, image: str) -> Generator[None]:
    """A project whose volume has MNIST, which this machine fetches: an engine's network may reach nothing."""
    load_mnist()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"PORT": "0", "MODELS_DIR": "/models", "WORKERS": "1"}.items():
            patch.setenv(f"DIGITSERVE_{name}", value)
        try:
            train("--help")
            volumes = (f"{PROJECT}_training:/training", f"{cache_dir()}:/mnist:ro")
            mounts = [option for volume in volumes for option in ("--volume", volume)]
            docker("run", *RUN, *mounts, "--entrypoint", "sh", training_image, "-c", KEEP_MNIST)
            yield
        finally:
            compose("--profile", "*", "down", "--volumes", "--remove-orphans")


def train(*arguments: str) -> None:
    """Run the pipeline as an operator does."""
    compose("run", "--rm", "--no-TTY", "training", *arguments)


def version_at(url: str) -> str:
    """Return the version of `digits` that is served."""
    (model,) = httpx.get(f"{url}/health").json()["models"]
    return str(model["version"])


@pytest.mark.training_run
@pytest.mark.usefixtures("project")
def test_run() -> None:
    """A network is trained and exported; the service serves it, and takes its next version without a restart."""
    train("train", "--recipe", "mlp", "--seed", "10")
    train("export", "runs/mlp-10", "--name", "digits", "--version", "1")
    compose("up", "--no-build", "--detach", "--wait", "--wait-timeout", "120", "service")
    url = find_url(compose("ps", "--quiet", "service").strip())
    first = version_at(url)
    train("export", "runs/mlp-10", "--name", "digits", "--version", "2")
    told = compose("exec", "--no-TTY", "service", "python", "-c", RELOAD)
    answer = httpx.post(f"{url}/predict", content=SEVEN)

    assert (first, version_at(url)) == ("1", "2"), told
    assert answer.json()["class"] == 7
