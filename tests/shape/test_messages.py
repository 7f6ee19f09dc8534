"""The page of messages is that of the program."""

from tests.document.messages import PAGE, page


def test_the_page_tells_the_messages_that_there_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python -m tests.document.messages"
