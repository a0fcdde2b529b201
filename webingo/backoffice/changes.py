"""Follows what is changed in the backoffice: all sites once, then every change as it happens, by a call that waits for it."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from pydantic import Field, TypeAdapter, ValidationError

from webingo.backoffice.client import Client, Rejected, Unreachable
from webingo.backoffice.contract import MOST_LISTED, Answer, Big, Change, CommandChange, GamingChange, SiteChange, Sites
from webingo.resources.remote import RemoteResources
from webingo.rng import Rng
from webingo.support import metrics
from webingo.support.backoff import full_jitter

log = structlog.get_logger("webingo.backoffice")

_WAIT_S, _ANSWER_S = 20, 5.0
_FIRST_PAUSE_S, _MOST_PAUSE_S = 0.5, 10.0
_ONE: TypeAdapter[Change] = TypeAdapter(Change)
_KINDS = {"site", "gaming", "command"}


class _Page(Answer):
    """A `Changes`, each of them still to be looked at: one that makes no sense must not hide the others."""

    next: Big
    changes: list[dict[str, Any]] = Field([], max_length=MOST_LISTED)


class Feed:
    """Brings sites and changes to the resources of this process."""

    def __init__(self, client: Client, resources: RemoteResources, rng: Rng, commanded: Callable[[], None]) -> None:
        """`commanded` is called when there is something to do."""
        self._client = client
        self._resources = resources
        self._rng = rng
        self._commanded = commanded
        self._after: int | None = None  # None: nothing is known yet, or no more
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Reads the sites, if the backoffice answers; if not, goes on trying beside."""
        try:
            await self._read_all()
        except (Unreachable, Rejected) as error:
            log.error("sites_unknown", reason=str(error))
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                if self._after is None:
                    await self._read_all()
                else:
                    await self._follow(self._after)
                failures = 0
                continue
            except Rejected as rejected:
                if rejected.code == "UNKNOWN_POSITION" and self._after is not None:
                    log.warning("changes_begin_anew", after=self._after)
                    self._after = None
                    continue
                log.error("changes_rejected", reason=str(rejected))
            except Unreachable:
                pass  # the client has logged it
            except Exception:
                metrics.unexpected_error()
                log.exception("changes_failed")
            failures += 1
            await asyncio.sleep(full_jitter(self._rng, failures, _FIRST_PAUSE_S, _MOST_PAUSE_S))

    async def _read_all(self) -> None:
        sites = await self._client.get("settings", "sites", "v1/sites", Sites, _ANSWER_S)
        for site in sites.sites:
            await self._resources.take(site.platform, site.site, site.version, site.document, again=True)
        self._resources.allow(sites.gaming)
        self._resources.ready = True
        self._after = sites.next
        self._commanded()

    async def _follow(self, after: int) -> None:
        path = f"v1/changes?after={after}&wait_s={_WAIT_S}"
        page = await self._client.get("settings", "changes", path, _Page, _WAIT_S + _ANSWER_S)
        for written in page.changes:
            await self._take(written)
        self._after = page.next
        if page.next == after:  # no change, or one who does not hold the answer back
            await asyncio.sleep(full_jitter(self._rng, 1, _FIRST_PAUSE_S, _FIRST_PAUSE_S))

    async def _take(self, written: dict[str, Any]) -> None:
        if written.get("kind") not in _KINDS:
            log.info("change_passed_over", kind=str(written.get("kind"))[:64])
            return
        try:
            change = _ONE.validate_python(written)
        except ValidationError as error:
            log.error("change_not_understood", n=written.get("n"), problems=error.error_count())
            return
        match change:
            case SiteChange():
                await self._resources.take(change.platform, change.site, change.version, change.document)
            case GamingChange():
                self._resources.allow(change.enabled)
            case CommandChange():
                self._commanded()
