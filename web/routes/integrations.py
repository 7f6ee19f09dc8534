"""What Rookery uses outside of itself."""

import msgspec
from quart import Blueprint, Response

from web.cache import CacheInfo
from web.encoding import answer
from web.endpoints import Answer, endpoint
from web.kept import unkept
from web.openapi import examples
from web.outside import CircuitView, Integration, integrations
from web.paging import Links, Meta, PageQuery, sliced
from web.services import services

blueprint = Blueprint("integrations", __name__, url_prefix="/api/v1")

_PATH = "/api/v1/integrations"


class IntegrationPage(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One page of services outside."""

    data: tuple[Integration, ...]
    meta: Meta
    links: Links
    cache_info: CacheInfo


_META, _LINKS = examples.only_page(_PATH)
_REDIS = Integration(
    name="redis",
    purpose="Shares kept answers and limits between processes",
    status="degraded",
    reason="Unable to establish a connection to 10.0.0.5:6379",
    breaker=CircuitView(state="open", failures_in_row=0, refused=12),
)
_PAGE = IntegrationPage(data=(_REDIS,), meta=_META, links=_LINKS, cache_info=examples.CACHE_INFO)


@endpoint(
    blueprint,
    "GET",
    "/integrations",
    tag="Service",
    query=PageQuery,
    answers={200: Answer(meaning="The services.", model=IntegrationPage, example=_PAGE)},
)
async def list_integrations(query: PageQuery) -> Response:
    """Every service outside of this process, and how it is doing; `off` if it is not configured."""
    shown, meta, links = sliced(await integrations(services()), query, path=_PATH)
    return answer(IntegrationPage(data=shown, meta=meta, links=links, cache_info=unkept()))
