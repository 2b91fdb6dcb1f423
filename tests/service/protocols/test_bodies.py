"""Bodies of the protocols: expanded and parsed within bounds."""

import gzip
import zlib

import pytest

from service.errors import ProtocolError, UploadTooLargeError
from service.protocols.bodies import as_list, as_object, expand, parse_json

TEXT = b'{"a": [1, 2.5, NaN]}'


class TestExpand:
    """`expand`."""

    @pytest.mark.parametrize(
        ("encoding", "body"),
        [
            ("", TEXT),
            ("identity", TEXT),
            ("gzip", gzip.compress(TEXT)),
            (" X-GZIP ", gzip.compress(TEXT)),
            ("deflate", zlib.compress(TEXT)),
        ],
    )
    def test_every_encoding(self, encoding: str, body: bytes) -> None:
        """Each encoding that is taken gives the same bytes."""
        assert expand(body, encoding, 100) == TEXT

    @pytest.mark.parametrize(
        ("encoding", "body"),
        [
            ("br", TEXT),
            ("gzip, gzip", gzip.compress(TEXT)),
            ("gzip", TEXT),
            ("gzip", b""),
            ("gzip", gzip.compress(TEXT)[:-1]),
            ("gzip", gzip.compress(TEXT) + b"x"),
            ("deflate", gzip.compress(TEXT)),
        ],
    )
    def test_damaged_or_unknown(self, encoding: str, body: bytes) -> None:
        """What is no whole stream of a known encoding is refused."""
        with pytest.raises(ProtocolError):
            expand(body, encoding, 100)

    def test_bomb(self) -> None:
        """A body that expands beyond the bound is refused before it is made."""
        with pytest.raises(UploadTooLargeError):
            expand(gzip.compress(bytes(10**6)), "gzip", 1000)


class TestParseJson:
    """`parse_json`."""

    @pytest.mark.parametrize("document", [b"", b" \n"])
    def test_empty(self, document: bytes) -> None:
        """An empty document is named as such, in TensorFlow Serving's words."""
        with pytest.raises(ProtocolError, match=r"^JSON Parse error: The document is empty$"):
            parse_json(document, max_images=1)

    @pytest.mark.parametrize("document", [b"{", b"[1,]", b"\xff", b"[" * 1000 + b"]" * 1000])
    def test_no_json(self, document: bytes) -> None:
        """What is no JSON, or too deep, is refused in our words."""
        with pytest.raises(ProtocolError, match=r"^JSON Parse error: .+ at offset: \d+\. "):
            parse_json(document, max_images=1)

    def test_work_is_bounded(self) -> None:
        """A document of more values than the images may have is refused before it is parsed."""
        document = b"[" + b"0," * 4000 + b"0]"

        with pytest.raises(ProtocolError, match="more values than 1 images"):
            parse_json(document, max_images=1)

        assert parse_json(document, max_images=2) == [0] * 4001


def test_objects_and_lists() -> None:
    """Null stands for nothing; another kind of value is refused."""
    assert as_object(None, "It") == {}
    assert as_list(None, "It") == []
    with pytest.raises(ProtocolError, match="It is no JSON object"):
        as_object([], "It")
    with pytest.raises(ProtocolError, match="It is no JSON array"):
        as_list({}, "It")
