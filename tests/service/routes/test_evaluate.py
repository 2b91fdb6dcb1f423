"""`POST /evaluate` as JSON and as a stream of events."""

import json
import logging
from typing import Any

import pytest

from service.answers.problems import UNKNOWN_FAILURE
from service.errors import LabelledDataError
from service.inference.recognition import Model
from service.intake.admission import ClientLeftError
from service.intake.decoding_time import DecodingTime
from service.resources import Resources
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask
from tests.service.labelled_data.files import make_zip

STREAM = {"accept": "text/event-stream"}


def _events(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Take a stream apart into names and data."""
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    return [
        (name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        for name, data in blocks
    ]


class TestJson:
    """Without `Accept: text/event-stream`."""

    def test_pictures(self, model: Model) -> None:
        """Labelled pictures are scored."""
        upload = make_zip({"7/a.png": encode(draw()), "1/b.png": encode(draw())})

        answer = ask(model, "POST", "/evaluate", content=upload).json()

        assert (answer["n"], answer["accuracy"], answer["model"]["name"]) == (2, 0.5, "digits")
        assert answer["confusion_matrix"][1][7] == 1
        assert "detail" not in answer

    def test_detail(self, model: Model) -> None:
        """On request every digit stands in the answer, by the name that it was uploaded with."""
        upload = make_zip({"7/a.png": encode(draw()), "1/b.png": encode(draw())})

        answer = ask(model, "POST", "/evaluate?detail=true", content=upload).json()

        detail = answer["detail"]
        assert (detail["labels"], detail["predicted"]) == ([7, 1], [7, 7])
        assert detail["names"] == ["7/a.png", "1/b.png"]
        assert len(detail["sheets"]) == 1


class TestStream:
    """With it."""

    def test_result(self, model: Model) -> None:
        """The stream ends with what the JSON says."""
        upload = make_zip({"7/a.png": encode(draw())})

        answer = ask(model, "POST", "/evaluate", content=upload, headers=STREAM)

        assert answer.headers["content-type"].startswith("text/event-stream")
        name, data = _events(answer.text)[-1]
        assert (name, data["n"], data["accuracy"]) == ("result", 1, 1.0)
        assert "detail" not in data

    def test_progress(self, model: Model) -> None:
        """Before it, progress is told, up to the whole."""
        events = _events(ask(model, "POST", "/evaluate", headers=STREAM).text)

        assert [name for name, _ in events] == ["progress"] * (len(events) - 1) + ["result"]
        counts = [data["done"] for name, data in events if name == "progress"]
        assert counts == sorted(counts)
        assert counts[-1:] == [10_000]

    def test_our_own_error(self, model: Model) -> None:
        """Data that cannot be used ends the stream with its problem."""
        answer = ask(model, "POST", "/evaluate", content=b"no data", headers=STREAM)

        ((name, data),) = _events(answer.text)
        assert (name, data["status"], data["title"]) == ("error", 415, "Unsupported media")

    def test_unknown_failure(
        self, engine: FakeEngine, model: Model, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What nobody foresaw ends it with the constant sentence; the log has the traceback."""
        engine.failure = RuntimeError("secret path /srv/models")

        with caplog.at_level(logging.ERROR, logger="digitserve"):
            answer = ask(model, "POST", "/evaluate", headers=STREAM)

        [(event, problem)] = _events(answer.text)
        assert (event, problem["status"], problem["detail"]) == ("error", 500, UNKNOWN_FAILURE)
        assert problem["instance"] == answer.headers["x-request-id"]
        assert [record.exc_info is not None for record in caplog.records] == [True]


class TestDecodingTime:
    """Of labelled pictures."""

    def test_over(self, model: Model) -> None:
        """Pictures that take too long end in an error that says what to send."""
        upload = make_zip({f"7/{number}.png": encode(draw()) for number in range(2)})

        answer = ask(model, "POST", "/evaluate", content=upload, prepare=_allow_no_time)

        assert answer.status_code == 422
        assert answer.json()["title"] == "Decoding too long"

    def test_client_left(self, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing is decoded any more for a client that has left."""
        is_refused: list[bool] = []

        def evaluate(*_: object, decoding_time: DecodingTime, **__: object) -> None:
            assert decoding_time._place is not None
            decoding_time._place.leave()
            with pytest.raises(ClientLeftError):
                decoding_time.check()
            is_refused.append(True)
            raise LabelledDataError("")

        monkeypatch.setattr("service.routes.evaluate.evaluate_files", evaluate)
        ask(model, "POST", "/evaluate", content=b"anything")

        assert is_refused


def _allow_no_time(resources: Resources) -> None:
    """Let one picture take all of the time."""
    resources.decoder_watch.timeout_s = 1e-9
