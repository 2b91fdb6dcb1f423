"""What is wrong with a document that is no JSON."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json

from service.errors import ProtocolError
from service.protocols.bodies import parse_json
from service.protocols.parse_errors import describe_parse_error


def describe(document: bytes) -> str:
    """Return the sentence for a document."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - whatever the parser says
        from_json(document)
    return describe_parse_error(document, caught.value)


@pytest.mark.parametrize(
    ("document", "reason", "offset"),
    [
        (b"x", "Invalid value.", 0),
        (b'{"a":\n\n x}', "Invalid value.", 8),
        (b"[1,]", "Invalid value.", 3),
        (b"[1,", "Invalid value.", 3),
        (b'{"a":1,}', "Missing a name for object member.", 7),
        (b"{a:1}", "Missing a name for object member.", 1),
        (b'{"a" 1}', "Missing a colon after a name of object member.", 5),
        (b'{"a":1 "b":2}', "Missing a comma or } after an object member.", 7),
        (b'{"a":1', "Missing a comma or } after an object member.", 6),
        (b"[1 2]", "Missing a comma or ] after an array element.", 3),
        (b"[1,\n2", "Missing a comma or ] after an array element.", 5),
        (b'"abc', "Missing a closing quotation mark in string.", 4),
        (b"[1] x", "The document root must not be followed by other values.", 4),
        (b'"\\x"', "Invalid escape character in string.", 2),
        (b'"\xff"', "Invalid encoding in string.", 1),
        (b'"a\nb"', "Invalid encoding in string.", 3),
        (b"[" * 1000, "The document is nested too deeply.", 201),
    ],
)
def test_reasons(document: bytes, reason: str, offset: int) -> None:
    """Reasons and offsets are RapidJSON's, which TensorFlow Serving's clients see."""
    assert describe(document) == f"JSON Parse error: {reason} at offset: {offset}"


@given(
    st.binary(max_size=60) | st.text(max_size=60).map(lambda text: json.dumps(text)[1:].encode())
)
def test_any_bytes(document: bytes) -> None:
    """Whatever the document, the sentence has a reason and an offset within it, and repeats nothing."""
    try:
        from_json(document)
    except ValueError as error:
        sentence = describe_parse_error(document, error)
        reason, _, offset = sentence.removeprefix("JSON Parse error: ").partition(" at offset: ")
        assert 0 <= int(offset) <= len(document)
        assert reason.endswith(".")


def test_unknown_error() -> None:
    """An error without a place stands for the whole document."""
    sentence = describe_parse_error(b"abc", ValueError("new words"))

    assert sentence == "JSON Parse error: Invalid value. at offset: 3"


def test_many_lines() -> None:
    """Millions of lines take no more than a moment."""
    document = b"[" + b"\n" * 8_000_000 + b"x"

    started = time.perf_counter()
    sentence = describe(document)

    assert sentence.endswith("at offset: 8000001")
    assert time.perf_counter() - started < 5


def test_parsing() -> None:
    """Parsing says it, with a word of our own."""
    with pytest.raises(ProtocolError, match=r"^JSON Parse error: Invalid value\. at offset: 5\. "):
        parse_json(b'{"a":x}', max_images=1)
