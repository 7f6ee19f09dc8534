"""Changes of accounts, by administrators and by their owners."""

import trio

from actors.model.user import Role


async def test_of_two_changes_of_what_both_saw_one_is_told_so_and_who_is_let_in_is_looked_at_again(peopled):
    listener, admin = peopled.users[Role.LISTENER], peopled.headers(Role.ADMIN)
    own = peopled.headers(Role.LISTENER)
    etag = (await peopled.client.get("/api/v1/users/me", headers=own)).headers["etag"]
    before = peopled.served.services.access.changes
    answers = []

    async def change(path, headers, name):
        answers.append(
            await peopled.client.patch(path, json={"shownName": name}, headers={**headers, "If-Match": etag})
        )

    async with trio.open_nursery() as nursery:
        nursery.start_soon(change, "/api/v1/users/me", own, "Ada")
        nursery.start_soon(change, f"/api/v1/users/{listener.id}", admin, "Bo")
    done, refused = sorted(answers, key=lambda answer: answer.status_code)

    assert (done.status_code, refused.status_code, refused.json()["code"]) == (200, 412, "PRECONDITION_FAILED")
    assert (await peopled.client.get("/api/v1/users/me", headers=own)).json() == done.json()
    assert peopled.served.services.access.changes == before + 1
