"""Taking forms apart."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import MalformedMultipartError
from service.intake.forms import MAX_HEADERS_BYTES, FormFile, read_files

FILE = b'Content-Disposition: form-data; name="file"; filename="a.png"\r\n\r\nimage'


def _form(*parts: bytes, boundary: bytes = b"x") -> bytes:
    """Write a form."""
    delimiter = b"--" + boundary
    return b"".join(delimiter + b"\r\n" + part + b"\r\n" for part in parts) + delimiter + b"--\r\n"


def _read(form: bytes) -> list[FormFile]:
    """Take a form of a few parts apart."""
    return read_files(form, max_parts=4)


class TestReadFiles:
    """`read_files`."""

    @given(
        st.lists(
            st.tuples(st.sampled_from(["a.png", "7.jpg", "数字.png"]), st.binary()), max_size=4
        )
    )
    def test_what_a_client_sent(self, files: list[tuple[str, bytes]]) -> None:
        """Names and contents come back as an HTTP client wrote them, to the byte, in order."""
        sent = [("file", file) for file in files]
        request = httpx.Request("POST", "http://test", files=[*sent, ("note", (None, b"hello"))])

        assert read_files(request.read(), max_parts=5) == [FormFile(*file) for file in files]

    @pytest.mark.parametrize(
        ("disposition", "name"),
        [
            (b'form-data; name="file"; filename="a;b.png"', "a;b.png"),
            (b'FORM-DATA; filename="a.png"; name="file"', "a.png"),
            (b"form-data; name=file; filename=a.png", "a.png"),
            (b'form-data; name="file"; filename=""', ""),
            (b'form-data; name="file"; filename="C:\\\\digits\\\\a.png"', "a.png"),
            (b'form-data; name="file"; filename="\xff.png"', "\N{REPLACEMENT CHARACTER}.png"),
        ],
        ids=["semicolon", "order", "unquoted", "empty", "path", "no UTF-8"],
    )
    def test_names(self, disposition: bytes, name: str) -> None:
        """File names are read however a client writes them."""
        part = b"content-disposition:" + disposition + b"\r\n\r\nimage"

        assert _read(_form(part)) == [FormFile(name, b"image")]

    def test_part_without_headers(self) -> None:
        """A part without headers is a field."""
        assert _read(_form(b"\r\nhello", FILE)) == [FormFile("a.png", b"image")]

    @pytest.mark.parametrize("boundary", [b"a--", b"-", b"b" * 70], ids=["dashes", "dash", "long"])
    def test_boundaries(self, boundary: bytes) -> None:
        """Every boundary that RFC 2046 allows is taken."""
        assert _read(_form(FILE, boundary=boundary)) == [FormFile("a.png", b"image")]

    def test_most_parts(self) -> None:
        """The bound itself is allowed."""
        assert len(_read(_form(*[FILE] * 4))) == 4

    @pytest.mark.parametrize(
        "form",
        [
            _form(FILE)[:-7],
            b"--x\r\nnonsense",
            _form(b"bad name: value\r\n\r\nx"),
            _form(b"X-Long: " + b"x" * MAX_HEADERS_BYTES + b"\r\n\r\nx"),
            _form(FILE, boundary=b"b" * 80),
            _form(FILE + b"\r\n--xy"),
            _form(FILE).replace(b"\r\n", b"\n"),
            b"--\r\n",
            b"--",
        ],
        ids=[
            "cut off",
            "no header",
            "bad header",
            "long header",
            "long boundary",
            "delimiter in a file",
            "no CRLF",
            "no boundary",
            "nothing",
        ],
    )
    def test_damaged(self, form: bytes) -> None:
        """A form that breaks the rules is refused, not taken in part."""
        with pytest.raises(MalformedMultipartError, match="damaged or cut off"):
            _read(form)
