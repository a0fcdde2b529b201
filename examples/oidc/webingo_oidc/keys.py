"""The provider's public keys (RFC 7517), as far as tokens may be signed with them."""

from typing import Any, NamedTuple

from jwt import PyJWK
from jwt.exceptions import PyJWTError

ALGORITHMS = ("RS256", "ES256")
"""What a signature may be made with. No "none", and nothing with a shared secret: the public key would be taken for it."""

_KINDS = {"RSA ": "RS256", "EC P-256": "ES256"}
_LEAST_RSA_BITS = 2048


class Key(NamedTuple):
    kid: str | None
    algorithm: str
    key: PyJWK


def keys_of(document: Any) -> list[Key]:
    """Those of a key set that can be used; the others are somebody else's affair. ValueError for what is no key set."""
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("no key set")
    found = (_key(jwk) for jwk in listed if isinstance(jwk, dict))
    return [key for key in found if key is not None]


def _key(jwk: dict[str, Any]) -> Key | None:
    algorithm = _KINDS.get(f"{jwk.get('kty')} {jwk.get('crv', '')}")
    kid, uses = jwk.get("kid"), jwk.get("key_ops", ["verify"])
    fits = (
        algorithm is not None
        and jwk.get("alg", algorithm) == algorithm
        and jwk.get("use", "sig") == "sig"
        and isinstance(uses, list)
        and "verify" in uses
        and (kid is None or isinstance(kid, str))
    )
    if not fits or algorithm is None:
        return None
    try:
        key = PyJWK(jwk, algorithm)
        return Key(kid, algorithm, key) if algorithm == "ES256" or key.key.key_size >= _LEAST_RSA_BITS else None
    except (PyJWTError, ValueError, TypeError):
        return None
