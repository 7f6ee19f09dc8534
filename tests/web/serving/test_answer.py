"""An app that breaks the order of an answer's messages is told so, whatever the protocol."""

import pytest

from web.serving.answer import Answer

START = {"type": "http.response.start", "status": 200, "headers": []}
PART = {"type": "http.response.body", "body": b"a", "more_body": True}
END = {"type": "http.response.body", "body": b"b"}


class Noted(Answer):
    """Notes what goes out."""

    def __init__(self):
        super().__init__()
        self.sent = []

    async def _send_body(self, start, body, *, is_last):
        self.sent.append((start["status"], body, is_last))
        self.is_answered = is_last


async def test_a_head_waits_for_the_body_that_follows_it():
    answer = Noted()
    await answer.send(START)
    assert (answer.has_begun, answer.sent) == (True, [])
    await answer.send(PART)
    await answer.send(END)
    assert answer.sent == [(200, b"a", False), (200, b"b", True)]


@pytest.mark.parametrize(
    "messages, said",
    [
        ([START, START], "one start"),
        ([PART], "begins with"),
        ([START, END, END], "has ended"),
        ([{"type": "http.response.trailers"}], "knows no"),
    ],
)
async def test_what_cannot_follow_is_refused_and_nothing_of_it_sent(messages, said):
    answer = Noted()
    for message in messages[:-1]:
        await answer.send(message)
    before = list(answer.sent)

    with pytest.raises(RuntimeError, match=said):
        await answer.send(messages[-1])
    assert answer.sent == before
