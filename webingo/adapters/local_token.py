"""What the local adapter shares with those who stand in for its operator: tokens of players, and kinds of postings."""

import hmac

_PURPOSE = b"webingo local operator\0"

ESCROW, RESULT, CANCEL = "operator-escrow", "operator-result", "operator-cancel"
"""Kinds of postings. Those of rounds (wager, win, …) stand on the ledger of who plays, and are counted there."""


def local_token(secret: str, uid: str, expires_s: int) -> str:
    """A player's token: `<expires_s>.<signature>`, the time in seconds since 1970, the signature the hexadecimal HMAC-SHA256
    (RFC 2104) of b"webingo local operator\\0<expires_s>.<uid>". An empty secret is a ValueError."""
    if not secret:
        raise ValueError("tokens can't be signed with an empty secret")
    return f"{expires_s}.{hmac.digest(secret.encode(), _PURPOSE + f'{expires_s}.{uid}'.encode(), 'sha256').hex()}"
