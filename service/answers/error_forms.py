"""Error forms: how failures are said below the paths of protocols that others have defined.

    path, status, detail -> the protocol's status and body

Clients of the Open Inference Protocol and of TensorFlow Serving read `{"error": text}`; a problem document
would be a failure of decoding to them. This module is a leaf: it imports nothing of the service.
Source: the statuses are those of TensorFlow Serving's `http_rest_api_util.cc` and Triton's `http_server.cc`.
"""

PREFIXES = ("/v1/", "/v2/")
BAD_REQUEST = 400
# Clients act on these; what else is wrong with a request is one thing to them.
KEPT_STATUSES = frozenset({401, 403, 404, 405, 408, 409, 413, 429, 499, 500, 501, 503, 504})


def has_own_form(path: str) -> bool:
    """Tell whether failures at a path are said in a protocol's own form."""
    return f"{path[:4]}/".lower().startswith(PREFIXES)


def to_protocol_status(status: int) -> int:
    """Return the status of a protocol's answer, for the status of a problem."""
    return status if status in KEPT_STATUSES else BAD_REQUEST


def write_error(detail: str) -> dict[str, str]:
    """Return the body of a protocol's answer to a failure."""
    return {"error": detail}
