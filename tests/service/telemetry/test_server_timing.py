"""Tests of the header that tells how long the steps of a request took."""

import re

import pytest

from service.telemetry.request_record import RequestRecord
from service.telemetry.server_timing import write_server_timing
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, load_model


def test_steps_that_happened() -> None:
    """Steps are told in milliseconds and in their order; one that did not happen is left out."""
    record = RequestRecord(decode_s=0.001234, preprocess_s=0.25, model_s=1e-6)

    assert (
        write_server_timing(record) == "decode;dur=1.234, preprocess;dur=250.000, model;dur=0.001"
    )


@pytest.mark.parametrize(("query", "is_told"), [("", False), ("?detail=true", True)])
def test_predict_tells_it_where_detail_is_asked_for(query: str, is_told: bool) -> None:
    """`/predict` times its steps for who asks for detail, and costs others nothing."""
    answer = ask(load_model(FakeEngine()), "POST", f"/predict{query}", content=encode(draw()))

    header = answer.headers.get("server-timing", "")
    steps = re.findall(r"(\w+);dur=\d+\.\d{3}", header)
    assert steps == (["decode", "preprocess", "queue", "model"] if is_told else [])
