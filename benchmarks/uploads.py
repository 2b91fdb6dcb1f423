"""Uploads: pictures as bodies of requests, and whether an answer is right."""

import json
from dataclasses import dataclass

from benchmarks.catalogue import Form
from benchmarks.pictures import Picture

_BOUNDARY = "----digitserve-benchmark"


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
        return f"multipart/form-data; boundary={_BOUNDARY}"

    @property
    def body(self) -> bytes:
        """Body as a browser or curl writes it: one field `file`.

        Source: RFC 7578.
        """
        if self.form == "raw":
            return self.picture.content
        head = (
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="digit"\r\n'
            f"Content-Type: {self.picture.media_type}\r\n\r\n"
        )
        return head.encode() + self.picture.content + f"\r\n--{_BOUNDARY}--\r\n".encode()

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
