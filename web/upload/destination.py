"""Where an upload goes: which names and folders are usable, and which root."""

import os
import unicodedata
from collections.abc import Sequence

from actors.model.root import Root, RootState
from actors.watching import names
from web.errors import FieldError, ProblemError, invalid

PASSED_OVER = "No look into a folder would find a file of this name: it needs an ending of a recording, such as .flac, and no dot in front"
LONGEST_NAME_BYTES = 255
LONGEST_PATH_BYTES = 4_000


def usable_name(sent: str) -> bytes:
    """The name of a file as it will lie on the disk: the last part of what the client calls it.

    Raises:
        ProblemError: VALIDATION_ERROR when no look would ever find a file of this name, or it is too long.
    """
    last = unicodedata.normalize("NFC", sent.replace("\\", "/").rpartition("/")[2])
    text = "".join(sign if sign.isprintable() else " " for sign in last).strip()
    name = text.encode("utf-8", "replace")
    if not name or name.startswith(b".") or not names.is_candidate(name):
        raise invalid(FieldError(field="file", message=PASSED_OVER, value=sent))
    if len(name) > LONGEST_NAME_BYTES:
        raise invalid(
            FieldError(field="file", message=f"Its name has more than {LONGEST_NAME_BYTES} bytes", value=sent)
        )
    return name


def usable_folder(root: bytes, sent: str) -> bytes:
    """A folder below a root, from its path with slashes; it need not be there. Blocks.

    Raises:
        ProblemError: VALIDATION_ERROR when it would lie elsewhere, or where no look finds it.
    """
    parts = [unicodedata.normalize("NFC", part) for part in sent.split("/") if part not in {"", "."}]
    message = None
    if any(part.startswith(".") or not part.isprintable() or part != part.strip() for part in parts):
        message = "No part of it may begin with a dot or with a space, or hold what cannot be printed"
    elif any(names.is_skipped_folder(part.encode()) for part in parts):
        message = "Folders of this name are passed over"
    elif any(len(part.encode()) > LONGEST_NAME_BYTES for part in parts):
        message = f"A part of it has more than {LONGEST_NAME_BYTES} bytes"
    folder = os.path.join(root, *(part.encode() for part in parts))
    if message is None and len(folder) > LONGEST_PATH_BYTES:
        message = "It is too long"
    # Links to folders are not followed by looks, and may lead anywhere.
    elif message is None and os.path.realpath(folder) != os.path.join(
        os.path.realpath(root), folder[len(root) + 1 :]
    ).rstrip(b"/"):
        message = "A link stands in its way"
    elif message is None and _device(folder) != os.stat(root).st_dev:
        message = "It lies on another disk than its root"
    if message is not None:
        raise invalid(FieldError(field="folder", message=message, value=sent))
    return folder.rstrip(b"/")


def usable_root(roots: Sequence[Root], root_id: str | None) -> Root:
    """The root that was named, or the first into which can be written. Blocks.

    Raises:
        ProblemError: VALIDATION_ERROR when none has this id; CONFLICT when nothing can be written there or anywhere.
    """
    named = [root for root in roots if root_id in {None, root.id}]
    if root_id is not None and not named:
        raise invalid(FieldError(field="rootId", message="No library root has this id", value=root_id))
    for root in named:
        if root.state is not RootState.UNAVAILABLE and _takes_files(root):
            return root
    which = "this folder" if root_id is not None else "any of the watched folders"
    raise ProblemError("CONFLICT", f"Nothing can be written into {which}", details={"field": "rootId"})


def _takes_files(root: Root) -> bool:
    if not os.access(root.path, os.R_OK | os.W_OK | os.X_OK):
        return False
    # On another file system than at the last look, it is a bare mount point or a foreign disk.
    return root.device in {None, os.stat(root.path).st_dev}


def _device(folder: bytes) -> int:
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    return os.stat(folder).st_dev
