"""The file of a track: found among its locations and opened, or refused."""

from actors.model.track import Location, Presence, Track
from web.delivery.files import OpenFile, opened_file
from web.errors import ProblemError
from web.exchange import timed
from web.services import services


async def located(track: Track) -> tuple[Location, OpenFile]:
    """The first location of a track whose file can be opened, and that file.

    Raises:
        ProblemError: NOT_FOUND when it is not there, UNAVAILABLE when the disk fails.
    """
    refused: OSError | None = None
    for location in track.locations:
        if location.presence is Presence.MISSING:
            continue
        with timed("db"):
            root = await services().store.roots.find(location.root_id)
        if root is None:
            continue
        try:
            with timed("disk"):
                return location, await opened_file(location.path, root=root.path)
        except FileNotFoundError as error:
            refused = refused or error
        except OSError as error:
            refused = error
    details = {"presence": track.presence, "reason": refused.strerror if refused else None}
    if refused is not None and not isinstance(refused, FileNotFoundError):
        raise ProblemError("UNAVAILABLE", "The file cannot be read at the moment", details=details)
    raise ProblemError("NOT_FOUND", "The file of this track is not there at the moment", details=details)
