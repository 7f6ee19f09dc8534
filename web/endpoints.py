"""One declaration per operation: it binds the route, reads the parameters, bounds the time and feeds the OpenAPI document."""

import math
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, get_args

import attrs
import msgspec
import trio
from quart import Blueprint, Response
from quart.blueprints import BlueprintSetupState

from actors.config import SECONDS
from actors.model.user import Role
from web.auth import demand, identify
from web.encoding import JSON
from web.errors import CODES
from web.exchange import exchange
from web.kept import Depends, kept
from web.limits import json_body
from web.parameters import parameters
from web.rates import count_caller
from web.repeats import HEADER, PROBLEMS, repeated

Handler = Callable[..., Awaitable[Response]]

ANSWER_LIMIT_S = 30 * SECONDS
"""An answer must be ready by then; the body of a stream is not counted."""

_DECLARATION = "rookery_declaration"
PLACE = re.compile(r"<(?:(\w+):)?(\w+)>")
"""A place in a route: its kind, if it has one, and its name."""


class NoParameters(msgspec.Struct):
    """For operations without query parameters: every one is refused."""


@attrs.frozen(kw_only=True)
class Answer:
    """One kind of good answer."""

    meaning: str
    model: Any = None
    """What its JSON holds; None for another kind of body, or none."""
    content: tuple[str, ...] = ()
    """Media types of a body that is not of the model."""
    headers: tuple[str, ...] = ()
    """Names from the table of headers in the OpenAPI document."""
    example: Any = None
    """One JSON value of the model."""

    @property
    def media_types(self) -> tuple[str, ...]:
        """All kinds of body that it may have."""
        return (JSON, *self.content) if self.model is not None else self.content


@attrs.frozen(kw_only=True, eq=False)
class Declaration:
    """All that a client must know of one operation."""

    name: str
    """Unique among all operations, camelCase."""
    method: str
    path: str
    """With `{camelCase}` places."""
    tag: str
    summary: str
    description: str
    answers: Mapping[int, Answer]
    query: type[msgspec.Struct] = NoParameters
    body: type[msgspec.Struct] | None = None
    """One model, or a union of several that a word in them tells apart."""
    is_body_needed: bool = True
    form: type[msgspec.Struct] | None = None
    """Fields of a multipart form, which come before its file, `file`."""
    example: Mapping[str, Any] | None = None
    """One body, or the fields of one form."""
    has_head: bool = True
    role: Role | None
    """What a caller must be at least; None: anyone, also who is not known."""
    asks: tuple[str, ...] = ()
    """Request headers that matter, by their names in the table of the OpenAPI document."""
    is_hot: bool = False
    """Whether it is answered ahead of the framework."""
    problems: tuple[str, ...] = attrs.field(
        default=(), validator=attrs.validators.deep_iterable(attrs.validators.in_(CODES))
    )


def endpoint(
    blueprint: Blueprint,
    method: str,
    path: str,
    *,
    tag: str,
    answers: Mapping[int, Answer],
    query: type[msgspec.Struct] = NoParameters,
    body: type[msgspec.Struct] | None = None,
    form: type[msgspec.Struct] | None = None,
    example: Mapping[str, Any] | None = None,
    asks: tuple[str, ...] = (),
    problems: tuple[str, ...] = (),
    limit_s: float = ANSWER_LIMIT_S,
    has_head: bool = True,
    role: Role | None = None,
    is_open: bool = False,
    cached: Depends | None = None,
    is_repeatable: bool = False,
    is_hot: bool = False,
) -> Callable[[Handler], Handler]:
    """Bind a handler to a method and path of a blueprint; HEAD comes with GET.

    The handler is called with the values of the path's places, `query` if a model is declared for it, and `body` likewise.
    Its docstring becomes summary (first line) and description. A handler that is not done after `limit_s` is answered by
    504 `TIMEOUT`.

    Args:
        blueprint: where the route goes; its prefix belongs to the path.
        method: one of the HTTP methods but HEAD.
        path: with `<snake_case>` places.
        tag: under which heading of the documentation it stands.
        answers: good answers by status.
        query: the query parameters; every other is refused.
        body: the JSON body: one model, or a union of several that a word in them tells apart. A POST whose body would say
            nothing that is required may come without one.
        form: fields of a multipart form with one file; the handler reads it.
        example: one body, as JSON has it.
        asks: request headers that matter.
        problems: codes that this operation may answer with, besides those that all have.
        limit_s: seconds until an answer must be ready; infinite for what waits by nature, or for nothing.
        has_head: whether HEAD comes with GET; not for streams, which have no length.
        role: what a caller must be at least; if not said, a listener for GET and an editor for what writes.
        is_open: whether anyone may, also who is not known.
        cached: on what its answer depends, if it is kept; for answers of JSON with status 200 alone. A list declares `ETag`.
        is_repeatable: whether an Idempotency-Key may say that it is the same request again; for what creates something.
        is_hot: whether it is answered ahead of the framework, as what is kept always is; for answers of ready bytes. Its handler
            runs to its end even if the client leaves, where it does not mind that by `unless_left`.
    """
    is_body_needed = body is not None and (method != "POST" or _requires(body))
    needed = None if is_open else role or (Role.LISTENER if method == "GET" else Role.EDITOR)

    def bind(handler: Handler) -> Handler:
        summary, _, description = (handler.__doc__ or "").partition("\n")
        full = f"{blueprint.url_prefix or ''}{path}"
        declaration = Declaration(
            name=_camel(handler.__name__.rstrip("_")),
            method=method,
            path=PLACE.sub(lambda place: f"{{{_camel(place[2])}}}", full),
            tag=tag,
            summary=summary.strip().rstrip("."),
            description=" ".join(description.split()),
            answers=answers,
            query=query,
            body=body,
            is_body_needed=is_body_needed,
            form=form,
            example=example,
            has_head=has_head and method == "GET",
            role=needed,
            asks=(*asks, HEADER) if is_repeatable else asks,
            is_hot=is_hot or cached is not None,
            problems=(*problems, *PROBLEMS) if is_repeatable else problems,
        )

        async def serve(**places: str) -> Response:
            current = exchange()
            current.route = declaration.path
            if limit_s == math.inf:
                return await work(places)
            with trio.CancelScope(deadline=trio.current_time() + limit_s):
                return await work(places)
            raise trio.TooSlowError

        async def work(arguments: dict[str, Any]) -> Response:
            if needed is not None:
                await identify()
                demand(needed)
            await count_caller()
            asked = parameters(exchange().query, query)
            if query is not NoParameters:
                arguments["query"] = asked
            if body is not None:
                arguments["body"] = await json_body(body, is_needed=is_body_needed)
            if is_repeatable:
                return await repeated(arguments, partial(handler, **arguments), limit_s=limit_s)
            if cached is not None:
                return await kept(declaration.name, cached, arguments, handler)
            return await handler(**arguments)

        setattr(serve, _DECLARATION, declaration)
        blueprint.add_url_rule(
            path, endpoint=handler.__name__, view_func=serve, methods=[method], provide_automatic_options=False
        )
        if method == "GET" and not has_head:
            blueprint.record(partial(_without_head, f"{blueprint.name}.{handler.__name__}"))
        return handler

    return bind


def declaration_of(view: Any) -> Declaration | None:
    """What was declared for a view function of an app, or None."""
    return getattr(view, _DECLARATION, None)


def _without_head(name: str, state: BlueprintSetupState) -> None:
    """Werkzeug lets HEAD in wherever GET is, and would name it as allowed."""
    for rule in state.app.url_map.iter_rules(name):
        assert rule.methods is not None
        rule.methods.discard("HEAD")


def _requires(body: Any) -> bool:
    return bool(get_args(body)) or any(field.required for field in msgspec.structs.fields(body))


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
