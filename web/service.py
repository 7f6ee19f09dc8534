"""The composition root: Config → database → tree → app → server. Everything long-lived is made here, once."""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

import attrs
import hypercorn
import structlog
import trio
from hypercorn.config import Sockets

from actors.config import SECONDS, Config
from actors.errors import ConfigurationError, RookeryError
from actors.house import House
from actors.journal import Journal
from actors.pipeline import tree
from actors.store.datafolder import hold_data_folder, is_new
from actors.store.embedded import EmbeddedServer
from actors.watching.folder import demand, demand_apart, real
from supervision import Child, Context, Running, Shutdown, run
from web.application import create_app
from web.certificate import Renewal, flaw, show_certificate
from web.errors import refused_by_server
from web.live.messages import LIMIT_BYTES
from web.services import Services
from web.serving import Crowd, serve
from web.serving.inlet import HEAD_BYTES
from web.settings import passed_over
from web.traffic import is_loopback, networks_of

HANDSHAKE_LIMIT_S = 10 * SECONDS
"""As for the head of a request: who comes by https says so within it, or is cut."""
RENEWAL_S = 60 * SECONDS
"""How often it is looked whether there is another certificate."""

_log = structlog.stdlib.get_logger("rookery.web")


@attrs.define(eq=False)
class Service:
    """A Rookery that is held together but not yet started: its data folder is locked, its port is bound."""

    config: Config
    house: House
    server: EmbeddedServer | None
    listener: socket.socket | None
    _has_announced: bool = False

    async def run(self, *, announce: Callable[[str], None], on_stuck: Callable[[Running], None] | None = None) -> None:
        """Serve until a signal or a fault ends it.

        Args:
            announce: called once, with the address, when it answers.
            on_stuck: called once if the time to stop is over and something ignores it, for ever perhaps; see `supervision.run`.

        Raises:
            SupervisionError: a part cannot be started or kept alive; its cause says why.
        """
        child = Child(
            "server", partial(self._serve, announce=announce), shutdown=Shutdown(grace_s=self.config.shutdown_s / 3)
        )
        async with run(tree(self.house, server=self.server, web=child), on_stuck=on_stuck):
            await trio.sleep_forever()

    async def _serve(self, context: Context, *, announce: Callable[[str], None]) -> None:
        assert self.listener is not None
        services = make_services(self.house, context.running)
        await self._demand_account(services)
        app = create_app(services)
        settings = hypercorn.Config()
        # Given whole, it has no handler of its own: what the server has to say is a line among the others.
        settings.errorlog = logging.getLogger("hypercorn.error")
        settings.graceful_timeout = self.config.shutdown_s / 5
        settings.include_server_header = False
        settings.backlog = self.config.connections
        settings.h11_max_incomplete_size = HEAD_BYTES
        # What is somewhat too long is told so; of anything longer no more is taken in.
        settings.websocket_max_message_size = 2 * LIMIT_BYTES
        settings.ssl_handshake_timeout = HANDSHAKE_LIMIT_S
        if self.config.server != "lane":
            settings.alpn_protocols = ["http/1.1"]
        shown = show_certificate(settings, self.config)
        settings.create_ssl_context = lambda: shown  # type: ignore[method-assign]  # the one that renewals reach
        is_secure = shown is not None
        listener = self.listener.dup()
        sockets = Sockets([listener], [], []) if is_secure else Sockets([], [listener], [])
        settings.create_sockets = lambda: sockets  # type: ignore[method-assign]  # bound before the start

        async def stopping() -> None:
            await context.stopping.wait()
            services.stopping.set()

        async with trio.open_nursery() as watch:
            watch.start_soon(services.access.keep_watch)
            watch.start_soon(services.hits.keep_telling)
            if shown is not None:
                watch.start_soon(_keep_renewed, Renewal(shown, self.config))
            async with trio.open_nursery() as nursery:
                serving = partial(
                    serve,
                    app,
                    settings,
                    shutdown_trigger=stopping,
                    refused=refused_by_server,
                    crowd=_crowd(self.config),
                    lane=self.config.server == "lane",
                )
                await nursery.start(serving)
                context.ready()
                if not self._has_announced:
                    self._has_announced = True
                    announce(_address(self.listener, is_secure=is_secure))
            watch.cancel_scope.cancel()

    async def _demand_account(self, services: Services) -> None:
        """Where others than this machine reach the port, somebody must be able to log in.

        Raises:
            ConfigurationError: nobody is.
            DatabaseError: that cannot be found out.
        """
        assert self.listener is not None
        address = self.listener.getsockname()[0]
        if self.config.no_auth and not is_loopback(address):
            _log.warning(
                "Nobody is asked who they are: whoever reaches this address can hear every recording, watch any folder of this "
                "machine and restart parts of the service. Let a proxy in front ask, or leave --no-auth out.",
                address=address,
            )
        elif _needs_account(self.config, address) and not (await services.store.users.standing()).has_accounts:
            raise _nobody(address)


def _crowd(config: Config) -> Crowd:
    return Crowd(
        most=config.connections,
        most_per_address=config.connections_per_address,
        proxies=networks_of(config.proxies),
    )


def make_services(house: House, running: Running) -> Services:
    """What the routes work with, from the parts of a running tree."""
    return Services(
        config=house.config,
        store=house.store,
        feed=house.feed,
        journal=house.journal,
        executor=house.executor,
        redis=house.redis,
        queued=house.queued,
        running=running,
        started_at=house.started_at,
        version=version("rookery"),
    )


@contextmanager
def prepared(config: Config, *, has_port: bool, journal: Journal | None = None) -> Iterator[Service]:
    """Lock the data folder and bind the port, before anything is started: what is wrong is said at once.

    Args:
        config: every setting.
        has_port: whether this process listens itself.
        journal: where its log is kept; by default none is.

    Raises:
        DataFolderBusyError: another Rookery runs on the data folder.
        ConfigurationError: the folder or the certificate cannot be used, the data folder is a root too, the port is taken, or, where nothing was catalogued before, a root
            cannot be watched, or strangers would reach a service in which nobody has an account.
    """
    for text in passed_over(os.environ):
        _log.warning(text)
    for root in config.roots:
        demand_apart(real(root), config.data_dir)
    if has_port:
        _look_at_certificate(config)
    with ExitStack() as stack:
        server = None
        if config.database_url is None:
            if is_new(config.data_dir):
                _refuse_at_once(config, has_port=has_port)
            folder = stack.enter_context(hold_data_folder(config.data_dir))
            server = EmbeddedServer.on(folder)
        listener = stack.enter_context(_bound(config)) if has_port else None
        url = config.database_url or (server.url if server else "")
        yield Service(config, House(config=config, url=url, journal=journal or Journal()), server, listener)


def _refuse_at_once(config: Config, *, has_port: bool) -> None:
    """What a new catalogue, which has no accounts and knows no folders, would be refused for once it is made."""
    if has_port and _needs_account(config, address := _resolved(config)[-1][0]):
        raise _nobody(address)
    for root in config.roots:
        demand(real(root))


def _needs_account(config: Config, address: str) -> bool:
    return not is_loopback(address) and not config.no_auth and config.admin_key is None


def _nobody(address: str) -> ConfigurationError:
    return ConfigurationError(
        f"Others reach this machine at {address}, and nobody has an account yet. Make one: rookery users add NAME --admin. "
        "Or listen on loopback only (--host 127.0.0.1), or let everybody do everything with --no-auth."
    )


def _resolved(config: Config) -> tuple[int, int, int, str, tuple[Any, ...]]:
    try:
        return socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(
            f"Cannot listen on {config.host!r}: no address of this machine goes by that name. Give one with --host."
        ) from error


def _bound(config: Config) -> socket.socket:
    family, kind, protocol, _, address = _resolved(config)
    try:
        with ExitStack() as stack:
            listener = stack.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.setblocking(False)
            stack.pop_all()
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on {config.host} port {config.port}: {error.strerror}. "
            "Stop what uses it, or choose another with --port (0 picks a free one)."
        ) from error
    return listener


def _address(listener: socket.socket, *, is_secure: bool) -> str:
    host, port, *_ = listener.getsockname()
    return f"{'https' if is_secure else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


async def _keep_renewed(renewal: Renewal) -> None:
    """Task: show a renewed certificate. Never returns."""
    while True:
        await trio.sleep(RENEWAL_S)
        try:
            if await trio.to_thread.run_sync(renewal.look):
                renewal.show()
                _log.info("A renewed certificate is shown")
        except ConfigurationError as error:
            _log.warning("The former certificate is shown still", reason=str(error))


def _look_at_certificate(config: Config) -> None:
    shown = show_certificate(hypercorn.Config(), config)
    if shown is not None and (fault := flaw(shown)) is not None:
        _log.warning("Clients will refuse the certificate", certificate=str(config.certificate), reason=fault)


def foreseen(error: BaseException) -> RookeryError | None:
    """What Rookery itself refused, however deep it lies in causes and groups; None where nobody foresaw it."""
    if isinstance(error, RookeryError):
        return error
    inside = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    causes = (*inside, error.__cause__) if error.__cause__ is not None else inside
    return next((found for cause in causes if (found := foreseen(cause)) is not None), None)
