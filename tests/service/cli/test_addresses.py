"""Where the service listens."""

import socket
from pathlib import Path

import pytest

from service.cli.addresses import announce, check_address, is_loopback
from service.cli.outcomes import ServiceUnusableError
from service.settings import Settings


class TestCheckAddress:
    """`check_address`."""

    def test_free(self) -> None:
        """An address that can be listened on may be, more than once."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]

        check_address("127.0.0.1", port)
        check_address("127.0.0.1", port)

    def test_taken(self) -> None:
        """Where another program listens, the port is named."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]

            with pytest.raises(ServiceUnusableError, match=f"port {port}: another program"):
                check_address("127.0.0.1", port)

    def test_every_address(self) -> None:
        """No host stands for every address of this machine."""
        check_address("", 0)

    @pytest.mark.parametrize(
        ("host", "reason"),
        [
            ("192.0.2.1", "no such address"),  # RFC 5737, for documentation
            ("nothing.invalid", "no such host"),  # RFC 6761
        ],
    )
    def test_unknown(self, host: str, reason: str) -> None:
        """An address that is none of this machine's is told of."""
        with pytest.raises(ServiceUnusableError, match=reason):
            check_address(host, 0)

    def test_other_failures(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A failure of another kind has the system's words."""

        def fail(*_: object) -> None:
            raise OSError(23, "Too many open files in system")

        monkeypatch.setattr(socket.socket, "bind", fail)

        with pytest.raises(ServiceUnusableError, match="Too many open files"):
            check_address("127.0.0.1", 0)


class TestAnnounce:
    """`announce`."""

    @pytest.mark.parametrize(
        ("settings", "scheme", "options"),
        [
            (Settings(), "http", ""),
            (Settings(api_keys="secret"), "http", "-H 'X-API-Key: YOUR-KEY' "),
            (
                Settings(tls_certificate=Path("/etc/my cert.pem")),
                "https",
                "--cacert '/etc/my cert.pem' ",
            ),
        ],
        ids=["open", "keys", "tls"],
    )
    def test_command(
        self,
        settings: Settings,
        scheme: str,
        options: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """The command to try has what the service asks for, and no key."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            announce(listener, settings)
            url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"

        said = capsys.readouterr().out
        assert said.startswith(f"digitserve listens on {url} (")
        assert said.endswith(f"  curl {options}-F file=@docs/images/seven.png {url}/predict\n")
        assert "secret" not in said


@pytest.mark.parametrize(
    ("host", "is_one"),
    [("localhost", True), ("127.0.0.2", True), ("::1", True), ("192.0.2.1", False), ("a", False)],
)
def test_is_loopback(host: str, is_one: bool) -> None:
    """Addresses of this machine alone are; names but one are not."""
    assert is_loopback(host) == is_one
