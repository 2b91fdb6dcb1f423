"""Addresses: whether one can be listened on, who reaches it, and how to try the service there.

host, port -> tried before any model is loaded -> warning -> server -> URL and a command to try
"""

import errno
import ipaddress
import shlex
import socket
import sys
from typing import Any

from service.cli.outcomes import ServiceUnusableError
from service.settings import Settings

_REASONS = {
    errno.EADDRINUSE: "another program listens there. Stop that one, or choose a port that is free by --port.",
    errno.EACCES: "this user may not. Choose a port from 1024 on by --port.",
    errno.EADDRNOTAVAIL: "this machine has no such address. Choose one that it has by --host.",
}


def check_address(host: str, port: int) -> None:
    """Try to listen, before models are loaded for nothing.

    Raises:
        ServiceUnusableError: If it cannot be on any of the host's addresses, or one is taken.
    """
    try:
        addresses = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except socket.gaierror as cause:
        raise ServiceUnusableError(
            f"It cannot listen on {host}: there is no such host. Choose an address of this machine by --host."
        ) from cause
    failures = [failure for address in addresses if (failure := _try(*address))]
    taken = [failure for failure in failures if failure.errno == errno.EADDRINUSE]
    if taken or len(failures) == len(addresses):
        failure = (taken or failures)[0]
        other = f"{failure.strerror}. Choose another by --host and --port."
        raise ServiceUnusableError(
            f"It cannot listen on {host}, port {port}: {_REASONS.get(failure.errno or 0, other)}"
        ) from failure


def _try(
    family: socket.AddressFamily, kind: socket.SocketKind, protocol: int, _: str, address: Any
) -> OSError | None:
    """Listen on an address for a moment; return why it cannot be."""
    try:
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
    except OSError as failure:
        return failure
    return None


def warn_of_strangers(settings: Settings, host: str) -> None:
    """Say so where others than this machine's programs reach a service that asks for no key."""
    if not settings.api_keys and not is_loopback(host):
        print(
            f"digitserve: WARNING: It listens on {host} WITHOUT KEYS: whoever reaches it may use it. Set "
            "DIGITSERVE_API_KEYS, or leave out --host to serve this machine alone.",
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
