"""Refusals that their clients can read."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message

from service.intake import discarding
from service.intake.discarding import expect_no_body, send_and_discard

LAST: Message = {"type": "http.response.body", "body": b"refused"}
END: Message = {"type": "http.response.body"}
ANNOUNCED = [(b"content-length", b"9")]
PIECE: Message = {"type": "http.request", "body": b"123", "more_body": True}


def _refuse(
    *pieces: Message, message: Message = LAST, headers: Any = ANNOUNCED, is_read: bool = False
) -> list[Message]:
    """Send a refusal to a client that sends these pieces and then nothing; return what happened, in order."""
    events: list[Message] = []
    coming = list(pieces)

    async def receive() -> Message:
        if not coming:
            await asyncio.Event().wait()
        events.append(coming.pop(0))
        return events[-1]

    async def send(sent: Message) -> None:
        events.append(sent)

    scope = {"type": "http", "headers": headers, "state": {}}
    if is_read:
        expect_no_body(scope)
    asyncio.run(send_and_discard(message, scope, receive, send))
    return events


class TestSendAndDiscard:
    """`send_and_discard`."""

    def test_body_is_read_to_its_end(self) -> None:
        """The refusal is sent whole at once, and ends when the body has come."""
        last_piece = {**PIECE, "more_body": False}

        events = _refuse(PIECE, PIECE, last_piece)

        assert events == [{**LAST, "more_body": True}, PIECE, PIECE, last_piece, END]

    @pytest.mark.parametrize(
        ("headers", "is_read"),
        [([], False), ([(b"content-length", b"0")], False), (ANNOUNCED, True)],
        ids=["no body", "empty body", "read already"],
    )
    def test_nothing_left(self, headers: Any, is_read: bool) -> None:
        """Nobody waits for a body that is not to come."""
        assert _refuse(headers=headers, is_read=is_read) == [LAST]

    def test_earlier_pieces_pass(self) -> None:
        """An answer in pieces waits with its last."""
        piece = {**LAST, "more_body": True}

        assert _refuse(message=piece) == [piece]

    def test_client_that_leaves(self) -> None:
        """It is waited for no longer."""
        left = {"type": "http.disconnect"}

        assert _refuse(PIECE, left)[-2:] == [left, END]

    def test_too_much(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """No more than the bound is read; a chunked body may be endless."""
        monkeypatch.setattr(discarding, "MAX_BYTES", 6)

        events = _refuse(*[PIECE] * 9, headers=[(b"transfer-encoding", b"chunked")])

        assert events[1:] == [PIECE, PIECE, END]

    def test_too_slow(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A client that sends nothing is waited for no longer than the bound."""
        monkeypatch.setattr(discarding, "MAX_S", 0.02)

        assert _refuse(PIECE)[1:] == [PIECE, END]
