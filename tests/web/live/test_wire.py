"""A socket and its end."""

import json

import pytest
import trio

from web.live.messages import Refused
from web.live.wire import RETRY_S, Close, Wire, goodbye, message_text, refuse


@pytest.mark.parametrize(
    "code,close", [("UNAUTHENTICATED", 4001), ("FORBIDDEN", 4003), ("UNAVAILABLE", 1001), ("BAD_REQUEST", 1001)]
)
async def test_a_refusal_is_told_before_the_close(code, close):
    done = []

    async def note(*what):
        await trio.lowlevel.checkpoint()
        done.append(what)

    await refuse(Wire(receive=note, send=note, close=note, pulse=None), Refused(code, "why"))
    (text,), closed = done

    assert json.loads(text)["payload"] == {"code": code, "message": "why"}
    assert closed == (Close(close), "why")


def test_clients_are_told_to_come_back_at_different_times():
    pauses_s = {goodbye("shutting down")["retrySeconds"] for _ in range(100)}

    assert len(pauses_s) > 1
    assert all(RETRY_S[0] <= pause_s <= RETRY_S[1] for pause_s in pauses_s)


def test_a_message_has_the_form_of_all():
    message = json.loads(message_text("ACK", {"topics": []}, "a"))

    assert (message["type"], message["payload"], message["requestId"], message["version"]) == (
        "ACK",
        {"topics": []},
        "a",
        "1.0",
    )
