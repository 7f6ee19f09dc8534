"""What the server is."""


async def test_the_server_says_what_it_is(served) -> None:
    info = (await served.client.get("/api/v1/info")).json()

    assert (info["name"], info["version"]) == ("rookery", "1.2.3")
    assert info["audioFormats"] == ["mp3", "opus", "aac"]
    assert {"tracks", "player"} <= set(info["features"])
    assert info["environment"]["database"] == "embedded"
    assert info["startedAt"].endswith("Z")


async def test_it_says_what_to_keep_to_and_no_secrets(served_over, store) -> None:
    async with served_over(store, database_url="postgresql://u:secret@db/x", rate_read=7) as served:
        answer = await served.client.get("/api/v1/info")
    info = answer.json()

    assert (info["limits"]["readRate"], info["limits"]["jsonBytes"], info["limits"]["pageSize"]) == (7, 1_048_576, 500)
    assert (info["environment"]["database"], info["environment"]["shared"]) == ("external", "memory")
    assert "flac" in info["formats"]["recordings"]
    assert "secret" not in answer.text
