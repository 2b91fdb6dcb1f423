"""Taking bodies apart into files."""

import asyncio
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message

from service.errors import (
    EmptyUploadError,
    MalformedMultipartError,
    TooManyFilesError,
    UploadTooLargeError,
)
from service.intake.body_memory import BodyMemory
from service.intake.forms import FormFile
from service.intake.slow_bodies import SlowBodies
from service.intake.uploads import MAX_PARTS, read_body, single_file, split_files

FILE = b'Content-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
FIELD = b'Content-Disposition: form-data; name="note"\r\n\r\n'


def _form(*parts: bytes) -> bytes:
    """Write a form with the boundary `x`."""
    return b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + b"--x--\r\n"


class TestSplitFiles:
    """`split_files`."""

    def test_raw_body(self) -> None:
        """A body that is no form is one file, to the byte."""
        assert split_files(b"\r\n\x89PNG") == [FormFile("", b"\r\n\x89PNG")]

    def test_fields_are_passed_over(self) -> None:
        """Only parts with a file name are files."""
        files = split_files(_form(FIELD + b"hello", FILE + b"\x00\r\n\xff"))

        assert files == [FormFile("a.png", b"\x00\r\n\xff")]

    def test_a_field_called_filename_is_a_field(self) -> None:
        """The word in a field's name, or in another header, makes no file."""
        odd = b'X-Note: filename\r\nContent-Disposition: form-data; name="filename"\r\n\r\nhello'

        assert split_files(_form(odd, FILE + b"image")) == [FormFile("a.png", b"image")]

    def test_line_break_in_front(self) -> None:
        """A line break in front of the first delimiter is allowed (RFC 2046)."""
        assert split_files(b"\r\n" + _form(FILE + b"image")) == [FormFile("a.png", b"image")]

    @pytest.mark.parametrize(
        "form", [_form(FIELD + b"hello"), b"--x--\r\n"], ids=["field", "empty"]
    )
    def test_no_file(self, form: bytes) -> None:
        """A form without a file says how to send one."""
        with pytest.raises(EmptyUploadError, match="curl -F file="):
            split_files(form)

    def test_too_many_parts(self) -> None:
        """The bound on parts is stated."""
        with pytest.raises(MalformedMultipartError, match=f"more than {MAX_PARTS} parts"):
            split_files(_form(*[FIELD] * (MAX_PARTS + 1)))


class TestSingleFile:
    """`single_file`."""

    def test_one(self) -> None:
        """One file is returned."""
        assert single_file([FormFile("a.png", b"image")]) == b"image"

    def test_several(self) -> None:
        """Several files are not guessed at."""
        with pytest.raises(TooManyFilesError, match="holds 2 files; one image is expected"):
            single_file([FormFile("a.png", b"a"), FormFile("b.png", b"b")])


def test_refused_body_is_let_go() -> None:
    """While a refusal is sent, its error keeps the frames in which it arose, and no bytes in them."""
    scope = {"type": "http", "headers": [], "state": {}}

    async def receive() -> Message:
        return {"type": "http.request", "body": bytes(1000), "more_body": True}

    with pytest.raises(UploadTooLargeError) as refusal:
        asyncio.run(read_body(Request(scope, receive), 10_000, SlowBodies(60), BodyMemory(10**9)))

    kept = [_num_bytes(value) for it in refusal.traceback for value in it.locals.values()]
    assert sum(kept) <= 2 * 1000  # the piece that was too much


def _num_bytes(value: Any) -> int:
    """Return how many bytes a value holds."""
    if isinstance(value, list):
        return sum(map(_num_bytes, value))
    return len(value) if isinstance(value, bytes) else 0
