"""Examples of values."""

from web.openapi.examples import EVENT, ROOT, TRACK, TREE, only_page


def test_examples_belong_together() -> None:
    assert TRACK.locations[0].root_id == ROOT.id
    assert TREE.root.children[0].path == EVENT.path


def test_a_list_with_one_thing_has_one_page() -> None:
    meta, links = only_page("/x")

    assert (meta.total, meta.has_next_page) == (1, False)
    assert links.here == links.first == links.last
