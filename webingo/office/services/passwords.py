"""Passwords of the staff: kept as Argon2id hashes, the parameters being those of RFC 9106's second choice.

Every check is meant to cost tens of milliseconds of a core and 64 MiB. Few are done at once, so that many guesses at the door
can't take the machine from the servers' accounting.
"""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webingo.errors import Code, Refused
from webingo.rng import SystemRng

LEAST, MOST = 12, 128
_HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(2)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is mistaken for something else
# What is tried first everywhere; the house's own name above all.
_USUAL = ("password", "passwort", "senha", "webingo", "backoffice", "qwerty", "letmein", "admin", "123456", "abc123")


def hashed(password: str) -> str:
    with _AT_ONCE:
        return _HASHER.hash(password)


_NOBODYS = _HASHER.hash("nobody has this password")
"""Checked where there is no such name, so that the answer takes as long."""


def right(password: str, hash_: str | None) -> bool:
    """`hash_` None is never right, and takes as long to find out."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(hash_ or _NOBODYS, password[: 8 * MOST]) and hash_ is not None
        except (VerificationError, InvalidHashError):
            return False


def outdated(hash_: str) -> bool:
    """True where it was made with other parameters than those of today."""
    return _HASHER.check_needs_rehash(hash_)


def generated() -> str:
    """Twenty letters in groups, 99 bits: to be typed once."""
    rng = SystemRng()
    return "-".join("".join(_LETTERS[rng.below(len(_LETTERS))] for _ in range(5)) for _ in range(4))


def check(password: str, name: str) -> None:
    """Raises Refused BAD_PARAMS for one that is easily guessed (length counts, not kinds of characters: NIST SP 800-63B)."""
    plain = password.lower()
    if not LEAST <= len(password) <= MOST:
        raise Refused(Code.BAD_PARAMS, f"A password needs at least {LEAST} characters, and at most {MOST}.")
    if len(name) >= 4 and name.lower() in plain:  # shorter ones are in many words
        raise Refused(Code.BAD_PARAMS, "The password must not contain the name.")
    rest = plain
    for usual in _USUAL:
        rest = rest.replace(usual, "")
    if len(set(plain)) < 5 or len(rest) < LEAST // 2:
        raise Refused(Code.BAD_PARAMS, "This password is one of the first that are guessed.")
