"""Ask the service in this container whether it can predict: exit code 0 if it can, else 1.

A request of its own, since a client that obeys `HTTP_PROXY` would ask the proxy.
"""

import http.client
import os
import ssl
import sys

TIMEOUT_S = 4  # below the engine's, which would kill this and say less


def main() -> int:
    """Return the exit code; what is wrong goes to the health log."""
    connection = _connect()
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        print(answer.status, answer.read(1000).decode(errors="replace"))
    except (OSError, http.client.HTTPException) as error:
        print(f"No answer: {error!r}")
        return 1
    return 0 if answer.status == http.client.OK else 1


def _connect() -> http.client.HTTPConnection:
    """Speak as the service does; its certificate is for another name than this container's own address."""
    if not os.environ.get("DIGITSERVE_TLS_CERTIFICATE"):
        return http.client.HTTPConnection("127.0.0.1", 8000, timeout=TIMEOUT_S)
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", 8000, timeout=TIMEOUT_S, context=trusting)


if __name__ == "__main__":
    sys.exit(main())
