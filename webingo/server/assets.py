"""Files as they are sent: found under a root and nowhere else, hashed once, compressed once, both remembered for a while.

Reading, hashing and compressing happen in a thread, so that a big file holds up nobody's game.
"""

import asyncio
import gzip
import hashlib
import mimetypes
import stat
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")

_MAX_COMPRESSED_HERE = 32 << 20
"""Larger files are compressed only by whoever delivers them, as `name.gz` or `name.br` beside them."""
_MAX_REMEMBERED_BYTES = 64 << 20
_MAX_REMEMBERED_TAGS = 10_000

# Not those of the machine: a server has to answer the same everywhere.
_TYPES = mimetypes.MimeTypes(filenames=())
for _suffix, _type in {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".pck": "application/octet-stream",
    ".webmanifest": "application/manifest+json",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ogg": "audio/ogg",
    ".md": "text/plain",
}.items():
    _TYPES.add_type(_type, _suffix)

_COMPRESSIBLE = {
    ".wasm",
    ".pck",
    ".js",
    ".mjs",
    ".css",
    ".json",
    ".svg",
    ".html",
    ".htm",
    ".txt",
    ".md",
    ".xml",
    ".webmanifest",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is now: a change of its time or size makes it another."""

    path: Path
    mtime_ns: int
    size: int

    @property
    def content_type(self) -> str:
        kind, encoding = _TYPES.guess_type(self.path.name)
        if encoding is not None:
            return "application/gzip" if encoding == "gzip" else "application/octet-stream"
        if kind is None:
            return "application/octet-stream"
        return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind == "application/json" else kind

    @property
    def compressible(self) -> bool:
        return self.path.suffix.lower() in _COMPRESSIBLE

    def sibling(self, suffix: str) -> "Asset | None":
        """The same file compressed beforehand, `name.js.gz`, unless it is older than what it was made of."""
        found = asset_at(self.path.with_name(self.path.name + suffix))
        return found if found is not None and found.mtime_ns >= self.mtime_ns else None


def asset_at(path: Path) -> Asset | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return Asset(path, status.st_mtime_ns, status.st_size) if stat.S_ISREG(status.st_mode) else None


def find(root: Path, name: str) -> Asset | None:
    """The file that a URL's path names under `root`. None for what is hidden, outside, a folder, or not there."""
    parts = name.split("/")
    if any(not part or part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        return None
    try:
        path = root.joinpath(*parts).resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    return asset_at(path) if path.is_relative_to(root.resolve()) else None


class _Remembered(Generic[T]):
    """The newest results up to a total weight. A result that is being made is made once for all who wait."""

    def __init__(self, capacity: int, weigh: Callable[[T], int]) -> None:
        self._capacity, self._weigh = capacity, weigh
        self._made: OrderedDict[Asset, T] = OrderedDict()
        self._weight = 0
        self._making: dict[Asset, asyncio.Task[T]] = {}

    async def get(self, asset: Asset, make: Callable[[], Awaitable[T]]) -> T:
        if asset in self._made:
            self._made.move_to_end(asset)
            return self._made[asset]
        task = self._making.get(asset)
        if task is None:
            task = self._making[asset] = asyncio.ensure_future(self._make(asset, make))
        return await asyncio.shield(task)

    async def _make(self, asset: Asset, make: Callable[[], Awaitable[T]]) -> T:
        try:
            made = await make()
        finally:
            del self._making[asset]
        self._made[asset] = made
        self._weight += self._weigh(made)
        while self._weight > self._capacity:
            _, oldest = self._made.popitem(last=False)
            self._weight -= self._weigh(oldest)
        return made


class AssetCache:
    """What was computed about files, bounded in memory; one for a process."""

    def __init__(self, max_bytes: int = _MAX_REMEMBERED_BYTES) -> None:
        self._tags: _Remembered[str] = _Remembered(_MAX_REMEMBERED_TAGS, lambda _: 1)
        self._compressed: _Remembered[bytes | None] = _Remembered(max_bytes, lambda body: 64 + len(body or b""))

    async def tag(self, asset: Asset) -> str:
        """A hash of the content, without the quotes of an ETag."""
        return await self._tags.get(asset, lambda: asyncio.to_thread(_hash, asset.path))

    async def gzipped(self, asset: Asset) -> bytes | None:
        """The content compressed; None where that is not worth while."""
        if not asset.compressible or asset.size > _MAX_COMPRESSED_HERE:
            return None
        return await self._compressed.get(asset, lambda: asyncio.to_thread(_compress, asset.path))


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def _compress(path: Path) -> bytes | None:
    content = path.read_bytes()
    compressed = gzip.compress(content, 6, mtime=0)
    return compressed if len(compressed) < len(content) else None
