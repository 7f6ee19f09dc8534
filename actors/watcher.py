"""Keeps the catalogue true to the folders: one patrol for each root."""

import trio

from actors.config import Config
from actors.messages import RootsChanged, ScanNow
from actors.patrol import Patrol
from actors.store.store import Store
from supervision import Actor, Context


class Watcher(Actor[ScanNow | RootsChanged]):
    """Runs one patrol for each root; they share nothing, so a root that hangs delays no other.

    A restart begins with a whole comparison of every root, so no file is lost with what was in memory.

    **Waits on:** the cataloger's mailbox.
    """

    def __init__(self, *, store: Store, config: Config, cataloger: str) -> None:
        self._store = store
        self._config = config
        self._cataloger_path = cataloger
        self._patrols: dict[str, tuple[Patrol, trio.CancelScope]] = {}

    async def started(self, context: Context) -> None:
        """Begin the patrols of all roots that the catalogue names."""
        self._context = context
        await self._read_roots()

    async def receive(self, message: ScanNow | RootsChanged) -> None:
        """Carry out an order from the web; the patrols do the work on their own."""
        match message:
            case RootsChanged():
                await self._read_roots()
            case ScanNow(root_id=wanted, is_confirmed=is_confirmed):
                for root_id, (patrol, _) in self._patrols.items():
                    if wanted in {None, root_id}:
                        patrol.scan(is_confirmed=is_confirmed)

    async def _read_roots(self) -> None:
        roots = {root.id: root for root in await self._store.roots.list_()}
        for root_id in self._patrols.keys() - roots.keys():
            _, scope = self._patrols.pop(root_id)
            scope.cancel()
        for root_id in roots.keys() - self._patrols.keys():
            patrol = Patrol(
                roots[root_id],
                store=self._store,
                config=self._config,
                cataloger=self._context.ref_to(self._cataloger_path),
            )
            scope = trio.CancelScope()
            self._patrols[root_id] = (patrol, scope)
            self._context.start_soon(_inside, scope, patrol)
        data = bytes(self._config.data_dir.absolute())
        for root_id, (patrol, _) in self._patrols.items():
            patrol.left_out = frozenset({data, *(root.path for root in roots.values() if root.id != root_id)})


async def _inside(scope: trio.CancelScope, patrol: Patrol) -> None:
    with scope:
        await patrol.run()
