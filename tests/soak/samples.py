"""What is sent in a soak, and what must come back."""

import http.client
import io
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from PIL import Image

from service.bundle import Bundle
from service.errors import DigitserveError
from service.inference.models import load_model
from service.inference.recognition import Model
from service.preprocessing import PREPROCESSING_VERSION, UploadLimits, preprocess
from tests.bundles import MODELS
from tests.hostile_pictures import hostile_pictures
from tests.pictures import draw, encode, photo

NUM_DIGITS = 200  # of the bundle's validation set
MAX_HOSTILE_BYTES = 50_000  # larger ones take seconds, and the soak is no test of size
MALFORMED = (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", b"\x16\x03\x01")


@dataclass(frozen=True)
class Sample:
    """A request and its right answer.

    Attributes:
        kind: What it stands for.
        request: The bytes that go over the wire.
        status: The status that must come back.
        digits: The classes that must come back, one for each picture; none where the status says all.
    """

    kind: str
    request: bytes
    status: int = 200
    digits: tuple[int, ...] = ()

    def is_answered_by(self, status: int, body: bytes) -> bool:
        """Tell whether an answer is the right one."""
        if status != self.status:
            return False
        lines = body.splitlines() if self.digits else []
        return tuple(json.loads(line)["class"] for line in lines) == self.digits


@dataclass(frozen=True)
class Mix:
    """Samples by kind, and how often each kind is sent."""

    samples: dict[str, list[Sample]]
    shares: dict[str, int]

    def draw_from(self, chance: random.Random) -> Iterator[Sample]:
        """Draw samples without end."""
        kinds, weights = list(self.shares), list(self.shares.values())
        while True:
            [kind] = chance.choices(kinds, weights)
            yield chance.choice(self.samples[kind])


def make_mix() -> Mix:
    """Make good and hostile samples; what is right is computed here, by the same code in this process."""
    model = load_model(MODELS / "digits/1", "litert")
    digits = list(_known_digits(model))
    seven = encode(draw())
    samples = {
        "digit": [_upload("digit", picture, digit) for picture, digit in digits],
        "form": [_upload_form(picture, digit) for picture, digit in digits[:50]],
        "drawing": [_upload("drawing", seven, 7)],
        "photo": [_upload("photo", encode(photo(), "JPEG"), 7)],
        "batch": [_batch(digits[at : at + 8]) for at in range(0, 80, 8)],
        "hostile": [
            _upload_hostile(model, picture)
            for picture in hostile_pictures().values()
            if len(picture) <= MAX_HOSTILE_BYTES
        ],
        "health": [Sample("health", write_request("/health", method="GET"))],
        "malformed": [Sample("malformed", request, status=400) for request in MALFORMED],
    }
    shares = {"digit": 70, "form": 8, "drawing": 8, "photo": 2, "batch": 2, "hostile": 8}
    return Mix(samples, {**shares, "health": 1, "malformed": 1})


def write_request(
    path: str, body: bytes = b"", *, method: str = "POST", content_type: str = "image/png"
) -> bytes:
    """Write a request as it goes over the wire."""
    head = f"{method} {path} HTTP/1.1\r\nhost: soak\r\ncontent-type: {content_type}\r\n"
    return head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body


def read_status(head: bytes) -> int:
    """Return the status of an answer's head."""
    return int(head.split(b" ", 2)[1])


def read_headers(head: bytes) -> http.client.HTTPMessage:
    """Return the headers of an answer's head, with its first line."""
    return http.client.parse_headers(io.BytesIO(head.partition(b"\r\n")[2]))


def _known_digits(model: Model) -> Iterator[tuple[bytes, int]]:
    """Yield validation digits as pictures with their labels, those that the model knows."""
    bundle = Bundle.read(MODELS / "digits/1", preprocessing_version=PREPROCESSING_VERSION)
    digits = bundle.validation_set()
    for image, label in zip(digits.images[:NUM_DIGITS], digits.labels, strict=False):
        picture = encode(Image.fromarray(image))
        if model.predict(preprocess(picture, UploadLimits())).digit == label:
            yield picture, int(label)


def _upload(kind: str, picture: bytes, digit: int) -> Sample:
    """Send a picture as the body."""
    return Sample(kind, write_request("/predict", picture), digits=(digit,))


def _upload_form(picture: bytes, digit: int) -> Sample:
    """Send a picture as the file of a form."""
    form = httpx.Request("POST", "http://soak", files={"file": ("digit.png", picture)})
    request = write_request("/predict", form.read(), content_type=form.headers["content-type"])
    return Sample("form", request, digits=(digit,))


def _batch(digits: list[tuple[bytes, int]]) -> Sample:
    """Send several pictures in one form."""
    files = [("file", (f"{at}.png", picture)) for at, (picture, _) in enumerate(digits)]
    form = httpx.Request("POST", "http://soak", files=files)
    request = write_request(
        "/predict/batch", form.read(), content_type=form.headers["content-type"]
    )
    return Sample("batch", request, digits=tuple(digit for _, digit in digits))


def _upload_hostile(model: Model, picture: bytes) -> Sample:
    """Send a hostile picture."""
    request = write_request("/predict", picture)
    try:
        seen = preprocess(picture, UploadLimits())
    except DigitserveError as error:
        return Sample("hostile", request, status=error.status)
    return Sample("hostile", request, digits=(model.predict(seen).digit,))
