"""Where the service listens."""

import socket
from pathlib import Path
from typing import Any

import pytest

from service.cli.addresses import announce, bound, is_loopback
from service.cli.outcomes import ServiceUnusableError
from service.settings import Settings


def _has_ipv6() -> bool:
    """Tell whether this machine has IPv6's loopback address."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")


def _names(listeners: list[socket.socket]) -> list[tuple[str, int]]:
    """Return the addresses and ports of sockets."""
    return [listener.getsockname()[:2] for listener in listeners]


class TestBound:
    """`bound`."""

    def test_free(self) -> None:
        """An address that is free is had, refuses clients as yet, and is free again at the end."""
        with bound("127.0.0.1", 0) as listeners:
            [(host, port)] = _names(listeners)
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((host, port))

        assert host == "127.0.0.1"
        with bound("127.0.0.1", port) as listeners:
            assert _names(listeners) == [("127.0.0.1", port)]

    def test_taken(self) -> None:
        """Where another program listens, the port is named."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]

            with (
                pytest.raises(ServiceUnusableError, match=f"port {port}: another program"),
                bound("127.0.0.1", port),
            ):
                pass

    @needs_ipv6
    @pytest.mark.parametrize("host", ["", "localhost"])
    def test_every_address(self, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A host of several addresses is reached by each, on one port."""
        found = socket.getaddrinfo("127.0.0.1", 0, type=socket.SOCK_STREAM)
        found += socket.getaddrinfo("::1", 0, type=socket.SOCK_STREAM)
        asked = list[str | None]()

        def resolve(name: str | None, *_: object, **__: object) -> list[Any]:
            asked.append(name)
            return found * 2  # as where a name stands in several files

        monkeypatch.setattr(socket, "getaddrinfo", resolve)

        with bound(host, 0) as listeners:
            names = _names(listeners)
            for listener in listeners:
                listener.listen()
                with socket.socket(listener.family) as client:
                    client.connect(listener.getsockname())

        assert [name for name, _ in names] == ["127.0.0.1", "::1"]
        assert len({port for _, port in names}) == 1
        assert asked == [host or None]

    def test_one_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of several addresses none may be taken: its clients would reach another program. None is kept then."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]  # where nobody was of late
        with socket.create_server(("127.0.0.2", port)):
            found = [
                *socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM),
                *socket.getaddrinfo("127.0.0.2", port, type=socket.SOCK_STREAM),
            ]
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

            with (
                pytest.raises(
                    ServiceUnusableError, match=f"on every address, port {port}: another"
                ),
                bound("", port),
            ):
                pass

            with socket.socket() as other:
                other.bind(("127.0.0.1", port))

    def test_address_that_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of several addresses those are had that this machine has."""
        found = socket.getaddrinfo("127.0.0.1", 0, type=socket.SOCK_STREAM)
        found += socket.getaddrinfo("192.0.2.1", 0, type=socket.SOCK_STREAM)  # RFC 5737
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

        with bound("a", 0) as listeners:
            assert [name for name, _ in _names(listeners)] == ["127.0.0.1"]

    @needs_ipv6
    def test_both_families_by_one(self) -> None:
        """The one address `::` takes clients of both families."""
        with bound("::", 0) as listeners:
            [listener] = listeners
            listener.listen()
            socket.create_connection(("127.0.0.1", listener.getsockname()[1])).close()

    @pytest.mark.parametrize(
        ("host", "reason"),
        [
            ("192.0.2.1", "no such address"),  # RFC 5737, for documentation
            ("nothing.invalid", "no such host"),  # RFC 6761
        ],
    )
    def test_unknown(self, host: str, reason: str) -> None:
        """An address that is none of this machine's is told of."""
        with pytest.raises(ServiceUnusableError, match=reason), bound(host, 0):
            pass

    def test_other_failures(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A failure of another kind has the system's words."""

        def fail(*_: object) -> None:
            raise OSError(23, "Too many open files in system")

        monkeypatch.setattr(socket.socket, "bind", fail)

        with (
            pytest.raises(ServiceUnusableError, match="Too many open files"),
            bound("127.0.0.1", 0),
        ):
            pass


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
