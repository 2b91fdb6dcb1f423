"""Security headers: what every answer tells a browser about itself.

    headers of an answer -> those to add

An answer with a policy of its own, such as an HTML page, keeps it; every other is data, which may load
nothing and be framed by nobody. Source: OWASP REST Security Cheat Sheet, "Security Headers".
This module is a leaf: it imports nothing of the service.
"""

from collections.abc import Iterable

Header = tuple[bytes, bytes]

POLICY = b"content-security-policy"
DATA_POLICY = b"default-src 'none'; frame-ancestors 'none'"

_ALWAYS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
_DATA: tuple[Header, ...] = (*_ALWAYS, (POLICY, DATA_POLICY))


def security_headers(headers: Iterable[Header]) -> tuple[Header, ...]:
    """Return the headers that an answer lacks.

    Args:
        headers: What the answer has, names in lower case.

    Returns:
        Precomputed headers; without a policy where the answer has one.
    """
    for name, _ in headers:
        if name == POLICY:
            return _ALWAYS
    return _DATA
