"""Who comes in at all: by the form of the head, the name asked for, and the page that asks. Pure."""

from collections.abc import Mapping
from typing import Any

import attrs

from web.errors import Refusal
from web.origin import SAFE_METHODS, Names, is_own_origin
from web.serving.request import MOST_FIELDS, TARGET_BYTES


@attrs.frozen(kw_only=True)
class Gate:
    """The names of this server, and the other sites whose pages may use it."""

    names: Names
    origins: frozenset[str] = frozenset()

    def refusal(self, scope: Mapping[str, Any], headers: Mapping[str, str]) -> Refusal | None:
        """Why a request or handshake may not come in, or None."""
        if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > TARGET_BYTES:
            return Refusal(code="URI_TOO_LONG", message=f"An address has at most {TARGET_BYTES} bytes")
        if len(scope["headers"]) > MOST_FIELDS:
            return Refusal(code="HEADERS_TOO_LARGE", message=f"A head has at most {MOST_FIELDS} fields")
        host = headers.get("host")
        if (host or scope["http_version"] != "1.0") and not self.names.include(host or "", here=_here(scope)):
            return Refusal(code="BAD_REQUEST", message="The Host header does not name this server")
        writes = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        if writes and self._is_foreign(headers, host or ""):
            return Refusal(code="FORBIDDEN", message="Pages of other sites may not do this")
        return None

    def _is_foreign(self, headers: Mapping[str, str], host: str) -> bool:
        """Whether a browser asks on behalf of a page that is neither ours nor of a configured site.

        Programs send neither header. Browsers send Origin with every write; Sec-Fetch-Site covers one that would not.
        """
        origin = headers.get("origin")
        if origin is not None:
            return origin not in self.origins and not is_own_origin(origin, host)
        return headers.get("sec-fetch-site") in {"cross-site", "same-site"}


def _here(scope: Mapping[str, Any]) -> str | None:
    server = scope.get("server")
    return server[0] if server else None
