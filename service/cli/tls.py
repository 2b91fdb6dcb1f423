"""The certificate and key that `digitserve serve` speaks TLS with, tried before anything starts."""

import ssl
from typing import TypedDict

from service.cli.outcomes import UsageError
from service.settings import Settings


class TlsFiles(TypedDict, total=False):
    """Options of the server; none where it speaks plain HTTP."""

    ssl_certfile: str
    ssl_keyfile: str | None


def find_tls_files(settings: Settings) -> TlsFiles:
    """Return the files that the settings name, once they were seen to work.

    Raises:
        UsageError: If they cannot be read, or do not fit together.
    """
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None:
        if key is not None:
            raise UsageError(
                "There is a TLS key without a certificate. Give --tls-certificate too."
            )
        return {}
    try:
        # No terminal is asked for a password, which none of the workers would know.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            certificate, key, password=""
        )
    except ssl.SSLError as cause:
        raise UsageError(
            "The TLS certificate and key cannot be used. Expected are PEM files: the certificate with its chain "
            "behind it, and the key that belongs to it, without a password."
        ) from cause
    except OSError as cause:
        raise UsageError(
            f"The TLS certificate or key cannot be read: {cause.strerror}. Check paths and permissions."
        ) from cause
    return {"ssl_certfile": str(certificate), "ssl_keyfile": None if key is None else str(key)}
