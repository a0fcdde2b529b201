"""RSA signatures over bodies of requests and answers: PKCS #1 v1.5 with SHA-256 (RFC 8017 8.2), base64 (RFC 4648 4)."""

import binascii
from base64 import b64decode, b64encode
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

_LEAST_BITS = 2048
_LONGEST_NAME = 255  # a key in base64 is longer


class Signer:
    """Signs with our private key, about a millisecond each. The same bytes have the same signature, always."""

    def __init__(self, pem: bytes) -> None:
        """ValueError where it is no unencrypted RSA private key of at least 2048 bits."""
        self._key = _private_key(pem)

    def sign(self, body: bytes) -> str:
        return b64encode(self._key.sign(body, PKCS1v15(), SHA256())).decode()


@lru_cache(16)
def _private_key(pem: bytes) -> RSAPrivateKey:
    """Kept, as checking one takes a tenth of a second, and all operators may know us by the same."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it is encrypted
        raise ValueError("this is no private key that can be read (PEM, not encrypted)") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < _LEAST_BITS:
        raise ValueError(f"it must be an RSA key of at least {_LEAST_BITS} bits")
    return key


class Verifier:
    """Tells by the other side's public key whether it signed something."""

    def __init__(self, pem: bytes) -> None:
        """ValueError where it is no RSA public key of at least 2048 bits."""
        try:
            key = load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError("this is no public key that can be read (PEM)") from None
        if not isinstance(key, RSAPublicKey) or key.key_size < _LEAST_BITS:
            raise ValueError(f"it must be an RSA key of at least {_LEAST_BITS} bits")
        self._key = key

    def signed(self, body: bytes, signature: str) -> bool:
        try:
            self._key.verify(b64decode(signature, validate=True), body, PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error, ValueError):  # ValueError: characters outside of ASCII
            return False
        return True


def read_key(file: str) -> bytes:
    """What is in a file of a key. ValueError says why it can't be read; it quotes no key that stands where the file should."""
    if not file or len(file) > _LONGEST_NAME or not file.isprintable() or "-----BEGIN" in file:
        raise ValueError("this can't be read: it is not the name of a file")
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise ValueError(f"{file} can't be read: {error.strerror}") from None
