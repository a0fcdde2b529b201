"""API keys: what servers of games that live elsewhere show, and whose site they may use with it.

A key's text is "wbk_", its id, "_" and 256 random bits. The store has the id and a hash: whoever reads the database can make no
call. A plain hash is enough, since nobody can try 2^256 of them.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from typing import NamedTuple

import orjson

from webingo.rng import SystemRng, fresh_id
from webingo.transaction.store import Store

_TEXT = re.compile(r"wbk_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_BYTES = 32


class ApiKey(NamedTuple):
    """What is kept of a key: everything but its text. `revoked_ms` is 0 while it is good."""

    id: str
    platform: str
    site: str
    label: str
    hash: str
    created_ms: int
    revoked_ms: int = 0

    def document(self) -> bytes:
        return orjson.dumps({name: value for name, value in self._asdict().items() if name != "id"})

    def opened_by(self, text: str) -> bool:
        """In the same time, however much of it is right."""
        return hmac.compare_digest(self.hash, _hash(text)) and not self.revoked_ms


def parse_key(key_id: str, document: bytes) -> ApiKey:
    return ApiKey(key_id, **orjson.loads(document))


def fresh_key(platform: str, site: str, label: str, now_ms: int) -> tuple[ApiKey, str]:
    """A new key and its text, which nobody can find out again."""
    key_id = fresh_id()[-12:]
    secret = urlsafe_b64encode(SystemRng().below(1 << 8 * _BYTES).to_bytes(_BYTES, "big")).decode().rstrip("=")
    text = f"wbk_{key_id}_{secret}"
    return ApiKey(key_id, platform, site, label, _hash(text), now_ms), text


async def find_key(store: Store, text: str) -> ApiKey | None:
    """The key whose text this is, None where there is none, or it was revoked. Always asks the store, so that a revocation
    holds at once."""
    match = _TEXT.fullmatch(text)
    document = None if match is None else await store.api_key(match[1])
    if match is None or document is None:
        return None
    key = parse_key(match[1], document)
    return key if key.opened_by(text) else None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
