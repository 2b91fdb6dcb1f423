"""Real replicas, and the proxy's configuration for them."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from benchmarks.simulation.real import fleet, write_config
from tests.service.cli.conftest import draw_seven

CONFIG = (Path(__file__).parents[3] / "docker" / "haproxy.cfg").read_text()
HAPROXY = shutil.which("haproxy")


class TestWriteConfig:
    """`write_config`."""

    def test_names_replicas(self) -> None:
        """The replicas are named one by one, and nobody's DNS is asked."""
        config = write_config(CONFIG, 8000, [8001, 8002])

        assert "    server replica0 127.0.0.1:8001\n    server replica1 127.0.0.1:8002" in config
        assert "    bind 127.0.0.1:8000\n" in config
        assert "server-template" not in config
        assert "resolvers" not in config

    def test_takes_one_port(self) -> None:
        """Nothing listens but for clients: several may run at once."""
        assert write_config(CONFIG, 8000, [8001]).count(" bind ") == 1

    def test_leaves_the_rest(self) -> None:
        """How replicas are chosen, checked and tried again stays as it is shipped."""
        config = write_config(CONFIG, 8000, [8001])

        for words in ("balance leastconn", "retries 3", "retry-on", "default-server check inter"):
            line = next(line for line in CONFIG.splitlines() if words in line)
            assert line in config.splitlines()

    @pytest.mark.skipif(not HAPROXY, reason="haproxy is not installed")
    def test_is_a_configuration(self, tmp_path: Path) -> None:
        """HAProxy takes it."""
        file = tmp_path / "haproxy.cfg"
        file.write_text(write_config(CONFIG, 8000, [8001, 8002]))

        subprocess.run([HAPROXY or "", "-c", "-f", file], check=True, capture_output=True)


@pytest.mark.integration
@pytest.mark.skipif(not HAPROXY, reason="haproxy is not installed")
def test_replicas_answer_behind_the_proxy() -> None:
    """Slowed replicas answer right, and their log tells how long their engine took."""
    with fleet(1, delay_ms=20.0, max_waiting=4) as (front, [replica]):
        url = f"http://127.0.0.1:{front.port}/predict"
        answer = httpx.post(url, content=draw_seven(), timeout=60)
        deadline = time.monotonic() + 20  # the line follows the answer
        while not (lines := replica.read_requests()) and time.monotonic() < deadline:
            time.sleep(0.01)

    assert answer.json()["class"] == 7
    assert [line["model_ms"] >= 20 for line in lines] == [True]
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", front.port))
