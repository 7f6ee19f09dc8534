"""Times as clients see and send them."""

from datetime import datetime
from typing import Annotated

import msgspec

Time = Annotated[datetime, msgspec.Meta(tz=True)]
"""RFC 3339, with its offset from UTC."""
