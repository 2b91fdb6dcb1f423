"""Parse errors: what is wrong with a document that is no JSON, in the words of RapidJSON.

document, our parser's error -> reason, offset -> TensorFlow Serving's sentence

The parser's own text stays here: it may change with its version, and clients know the other one.
Source: RapidJSON's `error/en.h`, and `ParseJson` in TensorFlow Serving's `json_tensor.cc`.
"""

import re
from bisect import bisect_left

_PLACE = re.compile(r" at line (\d+) column (\d+)$")
_INVALID_VALUE = "Invalid value."
_AT_END = "EOF"
_TRAILING_COMMA = "trailing comma"
_NO_NAME = "Missing a name for object member."
_NO_COMMA_IN_OBJECT = "Missing a comma or } after an object member."
_NO_COMMA_IN_ARRAY = "Missing a comma or ] after an array element."
_REASONS = {
    "EOF while parsing a string": "Missing a closing quotation mark in string.",
    "EOF while parsing an object": _NO_COMMA_IN_OBJECT,
    "EOF while parsing a list": _NO_COMMA_IN_ARRAY,
    "expected `:`": "Missing a colon after a name of object member.",
    "expected `,` or `}`": _NO_COMMA_IN_OBJECT,
    "expected `,` or `]`": _NO_COMMA_IN_ARRAY,
    "key must be a string": _NO_NAME,
    "trailing characters": "The document root must not be followed by other values.",
    "invalid escape": "Invalid escape character in string.",
    "unexpected end of hex escape": "The surrogate pair in string is invalid.",
    "lone leading surrogate in hex escape": "The surrogate pair in string is invalid.",
    "invalid unicode code point": "Invalid encoding in string.",
    "control character (\\u0000-\\u001F) found while parsing a string": "Invalid encoding in string.",
    "recursion limit exceeded": "The document is nested too deeply.",  # ours: RapidJSON has no limit
}


def describe_parse_error(document: bytes, error: ValueError) -> str:
    """Return the sentence for a document that could not be parsed.

    Args:
        document: What is no JSON.
        error: The parser's.
    """
    text = str(error)
    place = _PLACE.search(text)
    found = text[: place.start()] if place else text
    if found.startswith(_AT_END) or place is None:
        offset = len(document)
    else:
        offset = _find_line(document, int(place[1])) + max(int(place[2]), 1) - 1
    reason = _REASONS.get(found, _INVALID_VALUE)
    if found == _TRAILING_COMMA and document[offset : offset + 1] == b"}":
        reason = _NO_NAME
    return f"JSON Parse error: {reason} at offset: {offset}"


def _find_line(document: bytes, line: int) -> int:
    """Return where a line begins, counted from 1; by halving, so that no list of millions of lines is made."""
    ends = range(len(document) + 1)
    return bisect_left(ends, line - 1, key=lambda end: document.count(b"\n", 0, end))
