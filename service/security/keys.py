"""API keys: what a client must show, kept as SHA-256 digests alone.

    setting -> digests
    headers of a request -> key -> digest -> one of those that are known, or none

A key is long and random, so its digest needs neither salt nor stretching: nobody can try them all.
This module is a leaf: it imports nothing of the service.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable

Header = tuple[bytes, bytes]
KeyDigest = bytes
"""The SHA-256 of a key, 32 bytes."""

HASHED = "sha256:"
BEARER = b"bearer "
_KEY = re.compile(r"[!-~]+")  # what a header can carry: visible ASCII


def read_key_digests(text: str) -> tuple[KeyDigest, ...]:
    """Read a setting: keys, or their hashes as `sha256:<64 hexadecimal digits>`, between commas.

    Raises:
        ValueError: If there is no key in it, or one that no header can carry; it does not say which.
    """
    entries = [entry.strip() for entry in text.split(",")]
    if text.strip() and not any(entries):
        raise ValueError("it holds commas and no key")
    return tuple(_read_key_digest(entry) for entry in entries if entry)


def is_key(text: str) -> bool:
    """Tell whether a header can carry a text as a key."""
    return _KEY.fullmatch(text) is not None


def find_key(headers: Iterable[Header], known: Iterable[KeyDigest]) -> KeyDigest | None:
    """Return the digest of the key that a request shows, if it is one of those known.

    Every known key is compared, each in constant time: how long it takes tells nothing about them.

    Args:
        headers: Of the request, names in lower case.
        known: Digests of the keys.
    """
    offered = hashlib.sha256(_offered_key(dict(headers))).digest()
    found = None
    for digest in known:
        if hmac.compare_digest(offered, digest):
            found = digest
    return found


def _offered_key(headers: dict[bytes, bytes]) -> bytes:
    """Return the key of `Authorization: Bearer` or else of `X-API-Key`; without one, no bytes.

    Source: RFC 6750, section 2.1; the scheme's name is in any case (RFC 9110, section 11.1).
    """
    authorization = headers.get(b"authorization", b"")
    if authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip()
    return headers.get(b"x-api-key", b"")


def _read_key_digest(entry: str) -> KeyDigest:
    """Return the digest that an entry is, or that of the key that it is."""
    if not is_key(entry):
        raise ValueError("a key has a space or a character beyond ASCII, which no header carries")
    if not entry.startswith(HASHED):
        return hashlib.sha256(entry.encode()).digest()
    digits = entry.removeprefix(HASHED)
    if not re.fullmatch(r"[0-9a-fA-F]{64}", digits):
        raise ValueError("behind sha256: there must be 64 hexadecimal digits, as sha256sum gives")
    return bytes.fromhex(digits)
