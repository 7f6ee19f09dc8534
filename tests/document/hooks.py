"""What schemathesis must not do to the machine that it runs on, and what it cannot know."""

import hashlib
import os
import re
from typing import Any

import schemathesis

FOLDER = os.environ["CONTRACT_FOLDER"]
KEY = "Idempotency-Key"
USABLE = re.compile(r"[\x21-\x7e]{1,255}")


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Change what is about to be asked."""
    keep_inside(case)
    tell_apart(case)


def keep_inside(case: Any) -> None:
    """Every folder that is to be watched lies in the run's own: no other file of this machine may be catalogued, or trashed."""
    if (case.method.upper(), case.path) != ("POST", "/api/v1/library/roots") or not isinstance(case.body, dict):
        return
    path = case.body.get("path")
    if isinstance(path, str) and path.startswith("/"):
        case.body["path"] = FOLDER + os.path.normpath("/" + path)


def tell_apart(case: Any) -> None:
    """A key that can be used belongs to one request: no schema can say that the next one needs another."""
    key = (case.headers or {}).get(KEY)
    if isinstance(key, str) and USABLE.fullmatch(key):
        asked = repr((case.method, case.path, case.path_parameters, case.query, case.body)).encode()
        case.headers[KEY] = f"{key[:200]}-{hashlib.sha256(asked).hexdigest()[:16]}"
