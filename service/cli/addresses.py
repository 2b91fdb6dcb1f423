"""Addresses: whether one can be listened on, who reaches it, and how to try the service there.

host, port -> sockets, bound before any model is loaded -> warning -> server -> URL and a command to try
"""

import contextlib
import errno
import ipaddress
import shlex
import socket
import sys
from collections.abc import Iterator
from typing import Any

from service.cli.outcomes import ServiceUnusableError
from service.settings import Settings

EVERY_ADDRESS = "every address"  # what no host means
_REASONS = {
    errno.EADDRINUSE: "another program listens there. Stop that one, or choose a port that is free by --port.",
    errno.EACCES: "this user may not. Choose a port from 1024 on by --port.",
    errno.EADDRNOTAVAIL: "this machine has no such address. Choose one that it has by --host.",
}


@contextlib.contextmanager
def bound(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Have a socket bound to each address that a host has here, before models are loaded for nothing.

    Clients are refused until somebody listens on them. At the end they are closed.

    Args:
        host: Address or name; empty: all addresses of this machine.
        port: Port; 0: one that is free, the same for all of them.

    Raises:
        ServiceUnusableError: If it cannot be done for any of the addresses, or one is taken.
    """
    with contextlib.ExitStack() as stack:
        listeners, failures = list[socket.socket](), list[OSError]()
        addresses = _resolve(host, port)
        for family, address in addresses:
            chosen = listeners[0].getsockname()[1] if listeners else port
            try:
                listener = _bind(family, (address[0], chosen, *address[2:]), len(addresses) == 1)
            except OSError as error:
                failures.append(error)
            else:
                listeners.append(stack.enter_context(listener))
        taken = [failure for failure in failures if failure.errno == errno.EADDRINUSE]
        if taken or not listeners:
            failure = (taken or failures)[0]
            other = f"{failure.strerror}. Choose another by --host and --port."
            raise ServiceUnusableError(
                f"It cannot listen on {host or EVERY_ADDRESS}, port {port}: {_REASONS.get(failure.errno or 0, other)}"
            ) from failure
        yield listeners


def _resolve(host: str, port: int) -> list[tuple[socket.AddressFamily, Any]]:
    """Return the family and address of each address of a host."""
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except socket.gaierror as cause:
        raise ServiceUnusableError(
            f"It cannot listen on {host}: there is no such host. Choose an address of this machine by --host."
        ) from cause
    return list(dict.fromkeys((family, address) for family, *_, address in found))


def _bind(family: socket.AddressFamily, address: Any, is_only: bool) -> socket.socket:
    """Bind a socket to an address; one of several leaves IPv4 to the others."""
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and not is_only:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def warn_of_strangers(settings: Settings, host: str) -> None:
    """Say so where others than this machine's programs reach a service that asks for no key."""
    if not settings.api_keys and not is_loopback(host):
        print(
            f"digitserve: WARNING: It listens on {host or EVERY_ADDRESS} WITHOUT KEYS: whoever reaches it may use it. "
            "Set DIGITSERVE_API_KEYS, or leave out --host to serve this machine alone.",
            file=sys.stderr,
            flush=True,
        )


def announce(listener: socket.socket, settings: Settings) -> None:
    """Print the URL and a command to try, with what the service asks of its clients."""
    host, port = listener.getsockname()[:2]
    certificate = settings.tls_certificate
    url = f"{'https' if certificate else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
    options = [f"--cacert {shlex.quote(str(certificate))} "] if certificate else []
    options += ["-H 'X-API-Key: YOUR-KEY' "] if settings.api_keys else []
    print(f"digitserve listens on {url} (Ctrl+C stops it). Try:", flush=True)
    print(f"  curl {''.join(options)}-F file=@docs/images/seven.png {url}/predict", flush=True)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address; a name counts as one that others reach."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
