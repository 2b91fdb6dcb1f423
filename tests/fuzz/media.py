"""Media that schemathesis does not know of itself: pictures to send, and answers of one document a line."""

import json

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.deserialization import DeserializationContext
from schemathesis.core.transport import Response

from tests.pictures import draw, encode

PICTURES = [encode(draw(size=(60, 60))), encode(draw(size=(400, 300)), "JPEG"), b"no picture"]

for _media_type in ("image/*", "application/octet-stream"):
    schemathesis.openapi.media_type(_media_type, st.sampled_from(PICTURES))


@schemathesis.deserializer("application/x-ndjson")
def read_first_line(_context: DeserializationContext, response: Response) -> object:
    """Return the first line's document, which is what the schema declares."""
    return json.loads(response.content.partition(b"\n")[0])
