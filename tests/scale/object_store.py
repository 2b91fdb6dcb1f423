"""A small object store in memory that speaks as much of S3's REST API as pyarrow asks for; it checks no signature.

Source: Amazon S3 API Reference, the operations named below.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

MODIFIED = "2026-01-01T00:00:00.000Z"


@dataclass
class ObjectStore:
    """What is stored, and where to ask for it.

    Attributes:
        objects: Content by bucket and key, such as `bucket/folder/name`.
        uploads: Parts by upload and number, of objects that are written in parts.
        is_closed: Whether it refuses everything.
        port: Where it listens.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    is_closed: bool = False
    port: int = 0

    def url(self, path: str) -> str:
        """Return the URL of a bucket or of what is in it."""
        return f"s3://{path}?endpoint_override=127.0.0.1:{self.port}&scheme=http&region=here"


@contextmanager
def running_store() -> Iterator[ObjectStore]:
    """Run a store on a port of its own."""
    store = ObjectStore()
    handler = type("Handler", (_Handler,), {"store": store})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        store.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield store
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    store: ObjectStore

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    @property
    def name(self) -> str:
        """Bucket and key; that of a folder ends in a slash."""
        bucket, _, key = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        return f"{bucket}/{key}" if key else bucket

    @property
    def query(self) -> dict[str, str]:
        """Parameters, of which an operation is one."""
        parsed = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        return {name: values[0] for name, values in parsed.items()}

    def do_HEAD(self) -> None:
        """HeadBucket, HeadObject."""
        if "/" not in self.name:
            self._answer(200)
        elif self.name in self.store.objects:
            self._answer(200, self.store.objects[self.name])
        else:
            self._answer(404)

    def do_GET(self) -> None:
        """ListObjectsV2, GetObject."""
        if "/" not in self.name:
            self._answer(200, self._list().encode())
        elif self.name not in self.store.objects:
            self._answer(404, _error("NoSuchKey"))
        else:
            content = self.store.objects[self.name]
            begin, end = re.findall(r"bytes=(\d+)-(\d*)", self.headers["Range"] or "bytes=0-")[0]
            self._answer(206, content[int(begin) : int(end or len(content)) + 1])

    def do_PUT(self) -> None:
        """CreateBucket, PutObject, CopyObject, UploadPart."""
        content = self._read()
        if "uploadId" in self.query:
            self.store.uploads[self.query["uploadId"]][int(self.query["partNumber"])] = content
            self._answer(200)
        elif source := self.headers["x-amz-copy-source"]:
            self.store.objects[self.name] = self.store.objects[unquote(source).strip("/")]
            self._answer(
                200,
                f"<CopyObjectResult><LastModified>{MODIFIED}</LastModified></CopyObjectResult>".encode(),
            )
        else:
            if "/" in self.name:
                self.store.objects[self.name] = content
            self._answer(200)

    def do_POST(self) -> None:
        """CreateMultipartUpload, CompleteMultipartUpload, DeleteObjects."""
        content = self._read()
        if "uploads" in self.query:
            label = str(len(self.store.uploads))
            self.store.uploads[label] = {}
            text = f"<InitiateMultipartUploadResult><UploadId>{label}</UploadId></InitiateMultipartUploadResult>"
        elif "delete" in self.query:
            for key in re.findall(r"<Key>(.*?)</Key>", content.decode()):
                self.store.objects.pop(f"{self.name}/{key}", None)
            text = "<DeleteResult></DeleteResult>"
        else:
            parts = self.store.uploads.pop(self.query["uploadId"])
            self.store.objects[self.name] = b"".join(parts[number] for number in sorted(parts))
            text = "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>"
        self._answer(200, text.encode())

    def do_DELETE(self) -> None:
        """DeleteObject, which knows no absent one."""
        self.store.objects.pop(self.name, None)
        self._answer(204)

    def _list(self) -> str:
        """List a bucket, folders as common prefixes where a delimiter is given."""
        begin = f"{self.name}/{self.query.get('prefix', '')}"
        delimiter = self.query.get("delimiter")
        keys, folders = [], set()
        for name in sorted(self.store.objects):
            if not name.startswith(begin):
                continue
            below, found, _ = name[len(begin) :].partition(delimiter) if delimiter else ("", "", "")
            if found:
                folders.add(begin + below + found)
            else:
                keys.append(name)
        strip = len(self.name) + 1
        contents = "".join(
            f"<Contents><Key>{escape(key[strip:])}</Key><LastModified>{MODIFIED}</LastModified>"
            f"<Size>{len(self.store.objects[key])}</Size></Contents>"
            for key in keys
        )
        prefixes = "".join(
            f"<CommonPrefixes><Prefix>{escape(each[strip:])}</Prefix></CommonPrefixes>"
            for each in sorted(folders)
        )
        count = len(keys) + len(folders)
        return (
            f"<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>{count}</KeyCount>{contents}{prefixes}"
            "</ListBucketResult>"
        )

    def _read(self) -> bytes:
        """Read the body, whole or in S3's own signed chunks."""
        if self.headers["Transfer-Encoding"] == "chunked":
            body = b"".join(iter(self._read_chunk, b""))
        else:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if "aws-chunked" not in (self.headers["Content-Encoding"] or ""):
            return body
        content = b""
        while body:
            size, _, body = body.partition(b"\r\n")
            length = int(size.partition(b";")[0], 16)
            if not length:
                break
            content, body = content + body[:length], body[length + 2 :]
        return content

    def _read_chunk(self) -> bytes:
        """Read one chunk of HTTP's; the last is empty."""
        length = int(self.rfile.readline().partition(b";")[0], 16)
        content = self.rfile.read(length)
        self.rfile.readline()
        return content

    def _answer(self, status: int, content: bytes = b"") -> None:
        """Send an answer, without its body if none was asked for."""
        self.send_response(403 if self.store.is_closed else status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"etag"')
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _error(code: str) -> bytes:
    """Write a failure."""
    return f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
