"""The words of questions are those of tracks."""

from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from actors.store.store import open_store
from actors.store.words import LONGEST_WORD, Chunk, ends, near, pairs, question, typos

SIGNS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
BOTH = "SELECT spelled(one) AS spelled, words(one) AS words FROM unnest($1::text[]) AS one"
TEXTS = st.text(SIGNS | st.sampled_from(" ./-_'東京한국กขaéЖß"), max_size=40)


@pytest.mark.parametrize(
    "text,chunks",
    [
        ("blue train", [Chunk(parts=("blue",)), Chunk(parts=("train",))]),
        ("ac/dc", [Chunk(parts=("ac", "dc"), joined="acdc")]),
        ("p!nk", [Chunk(parts=("p", "nk"), joined="pnk")]),
        ("r.e.m. — live", [Chunk(parts=("r", "e", "m"), joined="rem"), Chunk(parts=("live",))]),
        ("don't", [Chunk(parts=("don", "t"), joined="dont")]),
        ("01_song", [Chunk(parts=("01",)), Chunk(parts=("song",))]),
        ("(what?)", [Chunk(parts=("what",))]),
        ("гроб 1999", [Chunk(parts=("гроб",)), Chunk(parts=("1999",))]),
        ("…!!!", []),
        ("", []),
    ],
)
def test_spaces_divide_chunks_and_punctuation_divides_words(text: str, chunks: list[Chunk]):
    assert question(text).chunks == tuple(chunks)


def test_scripts_without_spaces_are_runs():
    asked = question("x japan東京事変live変")
    assert asked.runs == ("東京事変", "変")
    assert [chunk.parts for chunk in asked.chunks] == [("x",), ("japan",), ("live",)]
    assert pairs("東京事変") == ("東京", "京事", "事変")
    assert pairs("変") == ("変",)


async def test_accents_case_and_letters_of_one_language_do_not_matter(store):
    texts = {
        "Sigur Rós": "sigur ros",
        "MÖTLEY CRÜE": "motley crue",
        "Røyksopp": "royksopp",
        "Straße": "strasse",
        "Æther": "aether",
        "ГРОБ": "гроб",
        "ŁÓDŹ": "lodz",
        "ﬁne": "fine",
    }
    for text, spelled in texts.items():
        assert await store.pool.read(lambda c, text=text: c.fetchval("SELECT spelled($1)", text)) == spelled


def twin(spelled: str) -> set[str]:
    """The words of a text by the rules of questions."""
    asked = question(spelled)
    found = {part for chunk in asked.chunks for part in chunk.parts}
    found |= {chunk.joined for chunk in asked.chunks if chunk.joined is not None}
    for run in asked.runs:
        found |= {pair for pair in pairs(run) if len(run) > 1} | {run[-1]}
    return found


@given(st.lists(TEXTS, min_size=5, max_size=30))
@example(["AC/DC R.E.M. x" + "y" * 100, "東京x한국a/b", "\x1c\x85\u3000\u200b\ufeff _ -", "Ⅷ ½ ﷺ ＡＢＣ ｶﾞ"])
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_questions_and_tracks_have_the_same_words(database_url, store_config, texts: list[str]):
    async def rows() -> list[Any]:
        async with open_store(store_config, url=database_url) as store:
            return await store.pool.read(lambda c: c.fetch(BOTH, texts))

    for row in trio.run(rows):
        assert set(row["words"]) == twin(row["spelled"])
        assert all(0 < len(word) <= LONGEST_WORD for word in row["words"])


@pytest.mark.parametrize(
    "word,slips", [("abc", 0), ("abcd", 1), ("abcdefg", 1), ("abcdefgh", 2), ("1999", 0), ("mp3s", 0)]
)
def test_longer_words_are_forgiven_more(word: str, slips: int):
    assert typos(word) == slips


WORDS = ["beatles", "beetle", "metallica", "metallic", "radiohead", "nirvana", "love", "live", "lovely", "radio"]


@pytest.mark.parametrize(
    "typed,meant",
    [
        ("beatels", ("beatles",)),
        ("metalica", ("metallica", "metallic")),
        ("radiohaed", ("radiohead",)),
        ("radoihaed", ("radiohead",)),
        ("nirvna", ("nirvana",)),
        ("nrvna", ()),
        ("lave", ("live", "love")),
        ("lov", ()),
    ],
)
def test_slips_of_the_keyboard_are_mended(typed: str, meant: tuple[str, ...]):
    assert near(typed, WORDS, is_begun=False, most=5) == meant


def test_a_word_that_is_only_begun_may_be_misspelled_too():
    assert near("radoih", WORDS, is_begun=True, most=5) == ("radiohead",)
    assert near("lave", WORDS, is_begun=True, most=5) == ("live", "love", "lovely")
    assert near("lave", WORDS, is_begun=True, most=1) == ("live",)


@given(st.text("abcd", min_size=4, max_size=12), st.data())
def test_one_slip_leaves_one_end_whole(word: str, data: st.DataObject):
    at = data.draw(st.integers(0, len(word) - 1))
    other = data.draw(
        st.sampled_from([word[:at] + word[at + 1 :], word[:at] + "x" + word[at + 1 :], word[:at] + "x" + word[at:]])
    )
    first, last = ends(word)
    assert other.startswith(first) or other.endswith(last)
