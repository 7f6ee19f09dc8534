"""What a text means to the catalogue."""

import pytest

from actors.store.filters import TrackFilter
from actors.store.meaning import Meaning, tsquery, understand
from actors.store.words import question


async def meaning(store, text: str) -> Meaning:
    return await store.pool.read(lambda c: understand(c, text))


@pytest.mark.parametrize(
    "text,query",
    [
        ("blue train", "('blue') & ('train':*)"),
        ("ac/dc", "('acdc':* | ('ac') & ('dc':*))"),
        ("東京", "'東京'"),
        ("東京事 a", "('a':*) & '東京' & '京事'"),
        ("変", "'変':*"),
    ],
)
def test_every_word_is_asked_for_and_the_last_may_be_begun(text: str, query: str):
    assert tsquery(question(text)) == query


def test_what_is_asked_of_names_has_their_sign():
    assert tsquery(question("ac/dc x"), sign="=", is_begun=False) == "('=acdc' | ('=ac') & ('=dc')) & ('=x')"


async def test_words_that_are_there_are_meant_as_they_stand(fresh_store, add_track):
    await add_track(fresh_store, title="Love", artists=["Live"])
    meant = await meaning(fresh_store, "Live Lov")
    assert meant == Meaning(
        key="live lov",
        in_names="('=live') & ('=lov')",
        begun_in_names="('=live') & ('=lov':*)",
        anywhere="('live') & ('lov':*)",
    )


async def test_near_words_count_where_nothing_holds_all(fresh_store, add_track):
    await add_track(fresh_store, title="Smells Like Teen Spirit", artists=["Nirvana"])
    await add_track(fresh_store, title="Smelt")
    unknown = await meaning(fresh_store, "nirvna smells")
    assert unknown.in_names is None
    assert unknown.anywhere == "('nirvna' | 'nirvana') & ('smells':*)"
    assert (await meaning(fresh_store, "nirvana smelt")).anywhere == "('nirvana') & ('smelt':*)"
    together = await fresh_store.pool.read(lambda c: understand(c, "nirvana smelt", is_near=True))
    assert together.anywhere == "('nirvana') & ('smelt':* | 'smells')"
    page = await fresh_store.tracks.list_(wanted=TrackFilter(text="nirvana smelt"))
    assert [track.title for track in page.items] == ["Smells Like Teen Spirit"]


async def test_a_text_without_a_word_is_a_name(fresh_store, add_track):
    await add_track(fresh_store, artists=["!!!"], title="x")
    await add_track(fresh_store, title="y!!!")
    assert await meaning(fresh_store, "!!!") == Meaning(key="!!!")
    page = await fresh_store.tracks.list_(sort="relevance", descending=True, wanted=TrackFilter(text="!!!"), page=1)
    assert [track.title for track in page.items] == ["x"]
    assert page.total == 1


@pytest.mark.parametrize(
    "text", ["'", "\\", "a'b", "a\\b", "':*", "a & b | !c", "<->", "\0", "\ud800", "=love", "a:zoe"]
)
async def test_no_sign_of_a_text_becomes_part_of_the_question(fresh_store, text: str):
    await meaning(fresh_store, text)


async def test_the_ending_of_a_file_is_no_word(fresh_store, add_track):
    track_id = await add_track(fresh_store, title=None, file_name="My Song.flac")
    for text in ("my song.flac", "MY SONG.MP3", "my song"):
        page = await fresh_store.tracks.list_(wanted=TrackFilter(text=text))
        assert [track.id for track in page.items] == [track_id]
    assert not (await fresh_store.tracks.list_(wanted=TrackFilter(text="flac"))).items
