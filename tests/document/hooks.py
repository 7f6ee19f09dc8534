"""What schemathesis must not do to the machine that it runs on."""

import os
from typing import Any

import schemathesis

FOLDER = os.environ["CONTRACT_FOLDER"]


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Every folder that is to be watched lies in the run's own: no other file of this machine may be catalogued, or trashed."""
    if (case.method.upper(), case.path) != ("POST", "/api/v1/library/roots") or not isinstance(case.body, dict):
        return
    path = case.body.get("path")
    if isinstance(path, str) and path.startswith("/"):
        case.body["path"] = FOLDER + os.path.normpath("/" + path)
