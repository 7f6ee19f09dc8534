"""One question to everything."""

import pytest

from actors.model.track import Tags

SEARCH = "/api/v1/search"


@pytest.fixture
async def things(served, shelf) -> None:
    """A few tracks and a memory, and nothing else."""
    await shelf.store.pool.write(lambda connection: connection.execute("DELETE FROM memory; DELETE FROM track"))
    await shelf.put("1.mp3", tags=Tags(title="Löve <b>Song</b>", artists=("Ann",), album="Loves"))
    await shelf.put("2.mp3", tags=Tags(title="Other", artists=("Lovely Ones",)))
    noted = await served.client.post("/api/v1/memories", json={"text": "A song of love\nwas here", "tags": ["x"]})
    assert noted.status_code == 201


def marked(passage: dict) -> list[str]:
    return [passage["snippet"][mark["start"] : mark["end"]] for mark in passage["marks"]]


async def test_everything_is_found_with_where_the_words_stand(served, things) -> None:
    found = (await served.client.get(SEARCH, params={"q": "love"})).json()
    assert found["counts"] == {"tracks": 2, "areTracksExact": True, "artists": 1, "albums": 1, "memories": 1}
    first = found["tracks"][0]
    assert (first["track"]["title"], first["passage"]["field"], marked(first["passage"])) == (
        "Löve <b>Song</b>",
        "title",
        ["Löve"],
    )
    assert first["passage"]["snippet"] == "Löve <b>Song</b>"
    assert "tags" not in first["track"]
    assert [(one["name"], marked(one["passage"])) for one in found["artists"]] == [("Lovely Ones", ["Love"])]
    assert [(one["name"], one["artist"]) for one in found["albums"]] == [("Loves", "Ann")]
    assert [one["passage"]["snippet"] for one in found["memories"]] == ["A song of love was here"]


async def test_only_what_is_asked_for_is_looked_through(served, things) -> None:
    found = (await served.client.get(f"{SEARCH}?q=love&type=artists&type=memories")).json()
    assert found["counts"] == {"tracks": None, "areTracksExact": True, "artists": 1, "albums": None, "memories": 1}
    assert found["tracks"] == found["albums"] == []


async def test_no_more_than_wanted_is_shown_but_all_is_counted(served, things) -> None:
    found = (await served.client.get(f"{SEARCH}?q=love&limit=1")).json()
    assert (len(found["tracks"]), found["counts"]["tracks"]) == (1, 2)


async def test_what_was_found_is_kept_until_something_changes(served, things, shelf) -> None:
    async def look() -> tuple[bool, int]:
        found = (await served.client.get(SEARCH, params={"q": "lovel"})).json()
        return found["cacheInfo"]["hitCache"], found["counts"]["tracks"]

    assert [await look(), await look()] == [(False, 1), (True, 1)]
    await shelf.put("3.mp3", tags=Tags(title="Lovelier"))
    assert await look() == (False, 2)


@pytest.mark.parametrize(
    "query,field",
    [("", "q"), ("q=", "q"), ("q=%00", "q"), ("q=%ff", "q"), ("q=x&type=cats", "type"), ("q=x&limit=0", "limit"), ("q=x&limit=51", "limit"),
     ("q=x&nope=1", "nope"), ("q=x&q=y", "q"), ("q=" + "x" * 201, "q")],
)  # fmt: skip
async def test_bad_questions_are_refused_by_name(served, refused, query: str, field: str) -> None:
    told = refused(await served.client.get(f"{SEARCH}?{query}"), 422, "VALIDATION_ERROR")
    assert [error["field"] for error in told["errors"]] == [field]


@pytest.mark.parametrize("text", ["!!!", "'", "%", "東京", " ", "a:b & c"])
async def test_any_text_may_be_looked_for(served, text: str) -> None:
    assert (await served.client.get(SEARCH, params={"q": text})).status_code == 200
