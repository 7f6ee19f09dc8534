"""What the server is."""


async def test_the_server_says_what_it_is(served) -> None:
    info = (await served.client.get("/api/v1/info")).json()

    assert (info["name"], info["version"]) == ("rookery", "1.2.3")
    assert info["audioFormats"] == ["mp3", "opus", "aac"]
    assert "tracks" in info["features"]
    assert info["environment"]["database"] == "embedded"
    assert info["startedAt"].endswith("Z")
