"""HTTPS, with certificates of an authority of the tests' own."""

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from service.cli.outcomes import UsageError
from service.cli.tls import find_tls_files
from service.settings import Settings
from tests.service.cli.conftest import draw_seven
from tests.service.cli.processes import COMMAND, wait_for_workers

NAME = "localhost"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs the certificates."""
    return trustme.CA()


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> tuple[Path, Path]:
    """A certificate and its key."""
    return _write(authority, tmp_path)


def _write(authority: trustme.CA, folder: Path) -> tuple[Path, Path]:
    """Write a new certificate and its key into a folder."""
    issued = authority.issue_cert(NAME, "127.0.0.1")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    return certificate, key


def _trust(authority: trustme.CA) -> ssl.SSLContext:
    """Make a client trust the authority, and nobody else."""
    context = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@contextlib.contextmanager
def _running(*arguments: str | Path) -> Iterator[tuple[int, str]]:
    """Run `digitserve serve` with options, and give its process's id and the URL that it prints."""
    with subprocess.Popen(
        [*COMMAND, "0", *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            [url] = re.findall(r"https?://127\.0\.0\.1:\d+", process.stdout.readline())
            yield process.pid, url
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.close()
            process.wait(30)


def _serial_number(url: str, trust: ssl.SSLContext) -> int:
    """Return the serial number of the certificate that a service shows."""
    port = int(url.rsplit(":", 1)[1])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as connection,
        trust.wrap_socket(connection, server_hostname=NAME) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).serial_number


@pytest.mark.integration
class TestHttps:
    """A service with a certificate."""

    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_answers(self, workers: str, files: tuple[Path, Path], authority: trustme.CA) -> None:
        """It says its URL, and answers those who trust its certificate, by one process or several."""
        certificate, key = files
        options = ("--tls-certificate", certificate, "--tls-key", key, "--workers", workers)
        with _running(*options) as (_, url), httpx.Client(verify=_trust(authority)) as client:
            answer = client.post(f"{url}/predict", content=draw_seven())

        assert url.startswith("https://")
        assert answer.json()["class"] == 7

    def test_plain_http_and_strangers(
        self, files: tuple[Path, Path], authority: trustme.CA
    ) -> None:
        """Plain HTTP gets no answer, and who does not trust the certificate gives none; others go on."""
        certificate, key = files
        with _running("--tls-certificate", certificate, "--tls-key", key) as (_, url):
            with pytest.raises(httpx.TransportError):
                httpx.get(f"{url.replace('https', 'http')}/health/live", timeout=10)
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"{url}/health/live", timeout=10)
            answer = httpx.get(f"{url}/health/live", verify=_trust(authority), timeout=10)

        assert answer.status_code == 200

    def test_renewed_certificate(self, files: tuple[Path, Path], authority: trustme.CA) -> None:
        """SIGHUP replaces the workers, and with them the certificate."""
        certificate, key = files
        trust = _trust(authority)
        options = ("--tls-certificate", certificate, "--tls-key", key, "--workers", "2")
        with _running(*options) as (process_id, url):
            wait_for_workers(process_id, 2)
            before = _serial_number(url, trust)
            _write(authority, certificate.parent)
            os.kill(process_id, signal.SIGHUP)
            after, deadline = before, time.monotonic() + 60
            while after == before and time.monotonic() < deadline:
                time.sleep(0.1)
                with contextlib.suppress(OSError):  # a worker that is being replaced
                    after = _serial_number(url, trust)

        assert after != before


class TestFindTlsFiles:
    """`find_tls_files`."""

    def test_none(self) -> None:
        """Without files the service speaks plain HTTP."""
        assert find_tls_files(Settings()) == {}

    def test_one_file(self, files: tuple[Path, Path]) -> None:
        """Certificate and key may be in one file."""
        certificate, key = files
        certificate.write_bytes(key.read_bytes() + certificate.read_bytes())

        found = find_tls_files(Settings(tls_certificate=certificate))

        assert found == {"ssl_certfile": str(certificate), "ssl_keyfile": None}

    def test_two_files(self, files: tuple[Path, Path]) -> None:
        """Both are named to the server."""
        certificate, key = files

        found = find_tls_files(Settings(tls_certificate=certificate, tls_key=key))

        assert found == {"ssl_certfile": str(certificate), "ssl_keyfile": str(key)}

    def test_key_alone(self, files: tuple[Path, Path]) -> None:
        """A key without a certificate is a mistake."""
        with pytest.raises(UsageError, match="without a certificate"):
            find_tls_files(Settings(tls_key=files[1]))

    def test_missing_file(self, files: tuple[Path, Path]) -> None:
        """A file that is not there is a mistake."""
        settings = Settings(tls_certificate=files[0], tls_key=Path("nowhere"))

        with pytest.raises(UsageError, match=r"cannot be read: No such file"):
            find_tls_files(settings)

    def test_files_that_do_not_fit(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        """Neither is another certificate's key, no key, or one with a password."""
        certificate, _ = files
        (tmp_path / "other").mkdir()
        _, other = _write(trustme.CA(), tmp_path / "other")
        secret = tmp_path / "secret.pem"
        secret.write_bytes(_encrypt(files[1].read_bytes()))

        for key in (other, None, secret):
            with pytest.raises(UsageError, match="cannot be used"):
                find_tls_files(Settings(tls_certificate=certificate, tls_key=key))


def _encrypt(key: bytes) -> bytes:
    """Protect a key by a password."""
    return serialization.load_pem_private_key(key, None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"password"),
    )
