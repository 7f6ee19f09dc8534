"""The head that a client sent, as whatever answers asks for it: headers without regard to case, and cookies."""

from collections.abc import Iterable, Iterator, Mapping

from werkzeug.http import parse_options_header
from werkzeug.sansio.http import parse_cookie


class Sent(Mapping[str, str]):
    """Headers of one request by name; where one stands several times, its first value, and all of them by `getlist`."""

    __slots__ = ("_values",)

    def __init__(self, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in headers:
            self._values.setdefault(str(name, "latin-1").lower(), []).append(str(value, "latin-1"))

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    # Those of Mapping ask by way of an error, which costs more than the question, a dozen times a request.

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]  # of text alone
        """The first value, or the default."""
        values = self._values.get(name.lower())
        return default if values is None else values[0]

    def getlist(self, name: str) -> list[str]:
        """All values, in their order."""
        return self._values.get(name.lower(), [])

    @property
    def cookies(self) -> Mapping[str, str]:
        """The first value of each cookie."""
        given = self.getlist("cookie")
        return parse_cookie(";".join(given)) if given else {}

    @property
    def media_type(self) -> str:
        """What kind the body is, in lower case and without parameters; empty where that is not said."""
        return parse_options_header(self.get("content-type", ""))[0].lower()
