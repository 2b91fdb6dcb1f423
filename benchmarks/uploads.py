"""Uploads: pictures as bodies of requests, and whether an answer is right."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from benchmarks.catalogue import Form
from benchmarks.pictures import Picture

_BOUNDARY = "----digitserve-benchmark"
_FORM_TYPE = f"multipart/form-data; boundary={_BOUNDARY}"


class Body(Protocol):
    """What a request carries."""

    @property
    def body(self) -> bytes:
        """The whole body."""

    @property
    def content_type(self) -> str:
        """Value of the header `Content-Type`."""


@dataclass(frozen=True)
class Upload:
    """A body and its type.

    Attributes:
        picture: The picture in it.
        form: How it is sent.
    """

    picture: Picture
    form: Form

    @property
    def content_type(self) -> str:
        """Value of the header `Content-Type`."""
        if self.form == "raw":
            return self.picture.media_type
        return _FORM_TYPE

    @property
    def body(self) -> bytes:
        """The picture, or the form of it."""
        if self.form == "raw":
            return self.picture.content
        return write_form({"digit": self.picture.content}, self.picture.media_type)[0]

    def is_right(self, answer: bytes) -> bool:
        """Tell whether a JSON answer names the digit, with ten probabilities whose largest is its."""
        try:
            document = json.loads(answer)
            probabilities = document["probabilities"]
            return (
                document["class"] == self.picture.label
                and len(probabilities) == 10
                and probabilities[self.picture.label] == max(probabilities)
                and abs(sum(probabilities) - 1) < 1e-3
            )
        except (ValueError, TypeError, KeyError):
            return False


def write_form(files: Mapping[str, bytes], media_type: str) -> tuple[bytes, str]:
    """Write files as a browser or curl does: each a field `file`.

    Args:
        files: Contents by file name.
        media_type: Of each of them.

    Returns:
        The body and its content type.

    Source: RFC 7578.
    """
    parts = [
        (
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            f"Content-Type: {media_type}\r\n\r\n"
        ).encode()
        + content
        for name, content in files.items()
    ]
    return b"\r\n".join([*parts, f"--{_BOUNDARY}--\r\n".encode()]), _FORM_TYPE
