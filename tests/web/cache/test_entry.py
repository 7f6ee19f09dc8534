"""One kept answer."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from web.cache.entry import KEEP, cache_info, entry_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NONE = cache_info(is_hit=False, made_at=NOW, expires_at=NOW)


@given(st.text())
def test_a_list_says_the_same_but_for_its_cache_info(text):
    whole = {"data": [text, ',"cacheInfo":', {"cacheInfo": text}], "cacheInfo": msgspec.to_builtins(NONE)}
    entry = entry_of(msgspec.json.encode(whole), revision="r", made_at=NOW)

    told = msgspec.json.decode(entry.told(is_hit=True))

    assert told["data"] == whole["data"]
    assert told["cacheInfo"]["hitCache"] is True
    assert told["cacheInfo"]["generatedAt"] == "2026-03-01T00:00:00Z"
    assert told["cacheInfo"]["expiresAt"] == "2026-03-01T00:10:00Z"


def test_an_answer_without_cache_info_is_told_as_it_was():
    entry = entry_of(b'{"tracks":3}', revision="r", made_at=NOW)

    assert entry.told(is_hit=True) == entry.told(is_hit=False) == b'{"tracks":3}'


def test_the_tag_tells_contents_apart_and_nothing_else():
    def tag(data, made_at=NOW):
        info = msgspec.to_builtins(cache_info(is_hit=False, made_at=made_at, expires_at=made_at))
        return entry_of(msgspec.json.encode({"data": data, "cacheInfo": info}), revision="r", made_at=made_at).etag

    assert tag([1]) == tag([1], NOW + KEEP)
    assert tag([1]) != tag([2])
    assert tag([1]).startswith('W/"')


def test_it_is_fresh_for_its_revision_and_a_while():
    entry = entry_of(b"{}", revision="r", made_at=NOW)

    assert entry.is_fresh("r", now=NOW)
    assert not entry.is_fresh("other", now=NOW)
    assert not entry.is_fresh("r", now=NOW + KEEP)
    assert not entry.is_fresh("r", now=NOW - timedelta(seconds=1))  # a clock that was put back
