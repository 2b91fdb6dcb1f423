"""A new version of a model, put into the volume while the container serves: reloaded, and rolled back."""

import os
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.bundles import copy_bundle, keep_digits
from tests.container.engine import HARDENED, docker, find_url, running, wait_until_healthy

VOLUME = f"digitserve-models-{os.getpid()}"
ADMIN = {"X-API-Key": "of-the-operator"}
OPTIONS = (
    *HARDENED,
    *("--memory", "512m", "--publish", "127.0.0.1::8000", "--volume", f"{VOLUME}:/models:ro"),
    *("--env", "DIGITSERVE_MODELS_DIR=/models", "--env", "DIGITSERVE_WORKERS=2"),
    *("--env", f"DIGITSERVE_ADMIN_KEYS={ADMIN['X-API-Key']}"),
)


def put(image: str, folder: Path, version: str, *, label_offset: int = 0) -> None:
    """Write a version of `digits` into the volume, as an operator would: aside first, then in its place."""
    bundle = copy_bundle(folder, version=version)
    keep_digits(bundle, 200, label_offset=label_offset)
    script = f"cp -r /new/{version} /models/digits/.{version} && mv /models/digits/.{version} /models/digits/{version}"
    docker(
        *("run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "sh"),
        *("--volume", f"{VOLUME}:/models", "--volume", f"{bundle.parent}:/new:ro"),
        *(image, "-c", f"mkdir -p /models/digits && {script} && chmod -R a+rX /models"),
    )


@pytest.fixture
def url(image: str, network: str, tmp_path: Path) -> Generator[str]:
    """A service of two workers, with version 1 in its volume."""
    docker("volume", "create", VOLUME)
    try:
        put(image, tmp_path, "1")
        with running(image, network, *OPTIONS) as container:
            wait_until_healthy(container)
            yield find_url(container)
    finally:
        docker("volume", "rm", "--force", VOLUME)


def served(url: str) -> set[str]:
    """Return the versions that answer, asked often enough to meet both workers."""
    return {httpx.get(f"{url}/health").json()["models"][0]["version"] for _ in range(20)}


def test_reload_and_rollback(url: str, image: str, tmp_path: Path) -> None:
    """A better version is taken by both workers, a worse one is refused, and the old one comes back."""
    put(image, tmp_path / "better", "2")
    taken = httpx.post(f"{url}/model/reload", headers=ADMIN, timeout=120)
    after_taken = served(url)
    put(image, tmp_path / "worse", "3", label_offset=1)
    refused = httpx.post(f"{url}/model/reload", headers=ADMIN, timeout=120)
    after_refused = served(url)
    back = httpx.post(f"{url}/model/rollback", headers=ADMIN, timeout=120)

    assert (taken.status_code, after_taken) == (200, {"2"}), taken.text
    assert (refused.status_code, after_refused) == (409, {"2"}), refused.text
    assert (back.status_code, served(url)) == (200, {"1"}), back.text


def test_strangers_change_nothing(url: str) -> None:
    """Without an admin key nobody changes what is served."""
    answer = httpx.post(f"{url}/model/reload")

    assert (answer.status_code, served(url)) == (401, {"1"})
