"""Secrets for development, which are made up at the first start and kept in var/."""

import os
from contextlib import suppress
from pathlib import Path

from webingo.errors import BadResource
from webingo.rng import fresh_id

SECRET_LENGTH = 32
KEPT_SECRET, KEPT_RGS_KEY = Path("var/secret"), Path("var/rgs_key")


def kept_secret(kept: Path = KEPT_SECRET) -> str:
    """A development secret: made at the first start and kept, so that tokens outlive a restart, and both sides find it.

    Raises BadResource.
    """
    try:
        if not kept.exists():
            _keep_new_secret(kept)
        secret = kept.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise BadResource([(str(kept), "", f"the development secret can't be kept here: {error}")]) from None
    if len(secret) < SECRET_LENGTH:
        raise BadResource([(str(kept), "", "the kept secret is too short; remove the file for a new one")])
    return secret


def _keep_new_secret(kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    draft = kept.with_suffix(f".{fresh_id()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write((fresh_id() + fresh_id()).replace("-", ""))
    # A link appears whole and only once: of two processes that start together one wins, and both read its secret.
    with suppress(FileExistsError):
        kept.hardlink_to(draft)
    draft.unlink()
