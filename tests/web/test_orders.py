"""Orders from routes to the librarian."""

from actors.pipeline import LIBRARIAN


async def test_an_order_nobody_can_carry_out_now_is_unavailable(served, shelf, refused) -> None:
    place = f"/api/v1/tracks/{await shelf.put('a.mp3')}"
    await served.services.running.stop_child(LIBRARIAN, how="kill")
    try:
        answer = await served.client.patch(place, json={"title": "B"}, headers={"If-Match": "*"})
    finally:
        await served.services.running.restart_child(LIBRARIAN)

    assert "retry-after" in answer.headers
    refused(answer, 503, "UNAVAILABLE")
