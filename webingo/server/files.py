"""Static files over HTTP: /static/* and /game/*, and the client at / in debug.

Answers always carry Content-Length and never come in chunks, since Godot 3's HTTP client can't read those. Conditional
requests, ranges and negotiation follow RFC 9110 (sections 13, 14 and 12.5).
"""

import re
from collections.abc import Iterator
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import Any, BinaryIO

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from webingo.config import Settings
from webingo.resources.source import ResourceSource
from webingo.server.assets import Asset, AssetCache, find
from webingo.server.pages import CONTENT_SECURITY_POLICY, NotFoundHandler, PageHandler, quality
from webingo.server.rules import RulesHandler, RulesPages, Running, without_meters

_CHUNK = 256 << 10
_RANGE = re.compile(r"bytes=(\d{1,18})?-(\d{1,18})?")


def routes(settings: Settings, resources: ResourceSource, running: Running = without_meters) -> list[Any]:
    """All that is not a door, with a 404 for the rest: these come last. Raises BadResource for a template that is wrong."""
    cache = AssetCache()
    pages = RulesPages(resources, settings.res_dir / "templates", running)
    client = {"root": settings.static_dir / "webingo-client", "cache": cache, "policy": CONTENT_SECURITY_POLICY}
    return [
        (r"/static/(.*)", FileHandler, {"root": settings.static_dir, "cache": cache}),
        (r"/game/(.*)", GameFileHandler, {"root": settings.res_dir / "games", "cache": cache}),
        (r"/games/([^/]+)/rules", RulesHandler, {"pages": pages}),
        *([(r"/()", FileHandler, client)] if settings.debug else []),
        (r"/.*", NotFoundHandler),
    ]


class FileHandler(PageHandler):
    """Files under `root`; the address of a folder, with its slash, means the index.html in it."""

    def initialize(self, root: Path, cache: AssetCache, policy: str = "") -> None:
        self._root, self._cache, self._policy = root, cache, policy

    def find(self, name: str) -> Asset | None:
        return find(self._root, f"{name}index.html" if name == "" or name.endswith("/") else name)

    async def get(self, name: str) -> None:
        asset = self.find(name)
        if asset is None:
            raise HTTPError(404)
        try:
            await self._answer(asset)
        except (FileNotFoundError, PermissionError):  # taken away since it was found
            raise HTTPError(404) from None

    head = get

    async def _answer(self, asset: Asset) -> None:
        ranged = self.request.headers.get("Range", "") if self.request.method == "GET" else ""
        encoding, body = ("", asset) if ranged else await self._representation(asset)
        tag = f'"{await self._cache.tag(asset)}{"-" + encoding if encoding else ""}"'
        self._describe(asset, encoding, tag)
        if self._unchanged(asset, tag):
            self.set_status(304)
            return
        size = len(body) if isinstance(body, bytes) else body.size
        part = self._part(ranged, asset, tag)
        first, end = part or (0, size)
        if part and first >= size:
            self.set_status(416)
            self.set_header("Content-Range", f"bytes */{size}")
            return
        if part:
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {first}-{end - 1}/{size}")
        self.set_header("Content-Length", str(end - first))
        if self.request.method == "GET":
            await self._send(body, first, end)

    def compute_etag(self) -> None:
        """Ours is the file's; Tornado's would be that of the answer's first piece."""

    async def _representation(self, asset: Asset) -> tuple[str, Asset | bytes]:
        """The smallest that the client takes: one delivered beside the file, one compressed here, or the file itself."""
        accepted = self.request.headers.get("Accept-Encoding", "")
        if not asset.compressible or not accepted:
            return "", asset
        for encoding, suffix in (("br", ".br"), ("gzip", ".gz")):
            if quality(accepted, encoding) > 0 and (sibling := asset.sibling(suffix)) is not None:
                return encoding, sibling
        if quality(accepted, "gzip") > 0 and (compressed := await self._cache.gzipped(asset)) is not None:
            return "gzip", compressed
        return "", asset

    def _describe(self, asset: Asset, encoding: str, tag: str) -> None:
        page = asset.content_type.startswith("text/html")
        self.set_header("Content-Type", asset.content_type)
        self.set_header("ETag", tag)
        self.set_header("Last-Modified", formatdate(asset.mtime_ns // 10**9, usegmt=True))
        self.set_header("Cache-Control", "no-cache" if page else "public, max-age=0, must-revalidate")
        self.set_header("Accept-Ranges", "bytes")
        if asset.compressible:
            self.set_header("Vary", "Accept-Encoding")
        if encoding:
            self.set_header("Content-Encoding", encoding)
        if self._policy:
            self.set_header("Content-Security-Policy", self._policy)

    def _unchanged(self, asset: Asset, tag: str) -> bool:
        """If-None-Match decides where it is given, else If-Modified-Since (RFC 9110, 13.2.2)."""
        known = self.request.headers.get("If-None-Match")
        if known is not None:
            return known.strip() == "*" or tag in re.findall(r'"[^"]*"', known)
        return self._not_after(asset, self.request.headers.get("If-Modified-Since", ""))

    @staticmethod
    def _not_after(asset: Asset, date: str) -> bool:
        try:
            return asset.mtime_ns // 10**9 <= parsedate_to_datetime(date).timestamp()
        except (ValueError, OverflowError):
            return False

    def _part(self, ranged: str, asset: Asset, tag: str) -> tuple[int, int] | None:
        """The first byte and the one after the last that are asked for, None for all of them.

        Several ranges at once are answered with the whole file, as is a range of a version that has changed (If-Range).
        """
        asked = _RANGE.fullmatch(ranged.strip())
        condition = self.request.headers.get("If-Range", "")
        if asked is None or asked.groups() == (None, None):
            return None
        if condition and condition != tag and condition != formatdate(asset.mtime_ns // 10**9, usegmt=True):
            return None
        first, last = asked.groups()
        if first is None:
            return (max(0, asset.size - int(last)), asset.size) if int(last) else (asset.size, asset.size)
        if last is not None and int(last) < int(first):
            return None  # not a range at all (RFC 9110, 14.1.1): ignored
        return int(first), min(asset.size, asset.size if last is None else int(last) + 1)

    async def _send(self, body: Asset | bytes, first: int, end: int) -> None:
        try:
            if isinstance(body, bytes):
                self.write(body)
                await self.flush()
                return
            with body.path.open("rb") as file:
                for chunk in _chunks(file, first, end):
                    self.write(chunk)
                    await self.flush()  # waits for a slow reader, so that a file is never in memory as a whole
        except StreamClosedError:
            pass  # the client has gone


def _chunks(file: BinaryIO, first: int, end: int) -> Iterator[bytes]:
    file.seek(first)
    while first < end and (chunk := file.read(min(_CHUNK, end - first))):
        first += len(chunk)
        yield chunk


class GameFileHandler(FileHandler):
    """The exported games. Their manifests are the studio's: odds and reel strips are no player's business."""

    def find(self, name: str) -> Asset | None:
        asset = super().find(name)
        return None if asset is None or asset.path.name.lower().startswith("manifest.json") else asset
