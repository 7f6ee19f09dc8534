"""What one client is answered."""

import trio

from web.live.replies import REPLIES_WAITING, Replies


async def test_answers_go_out_in_their_order_and_no_task_is_left(nursery):
    sent = []

    async def send(text):
        await trio.lowlevel.checkpoint()
        sent.append(text)

    replies = Replies(send)
    replies.begin(nursery)
    for burst in ("ab", "c"):
        for text in burst:
            assert replies.put(text)
        await trio.testing.wait_all_tasks_blocked()
        assert not nursery.child_tasks

    assert sent == ["a", "b", "c"]


async def test_too_many_that_wait_are_given_up(nursery):
    async def send(text):
        await trio.sleep_forever()

    replies = Replies(send)
    replies.begin(nursery)
    assert replies.put("first")
    await trio.testing.wait_all_tasks_blocked()
    taken = [replies.put("x") for _ in range(REPLIES_WAITING + 1)]
    nursery.cancel_scope.cancel()

    assert taken == [True] * REPLIES_WAITING + [False]
