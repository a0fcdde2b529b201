"""What an entry of the ledger was called by whoever posted it: "post:<length of the posting's id>:<its id>:<wallet>"."""

import re

_POSTED = re.compile(r"post:(\d+):")
_PAYMENT = re.compile(r"[a-z]+:([^:]+)")


def posting_of(entry: str) -> str:
    """The id of the posting that made an entry; of an entry that was none the entry's own."""
    found = _POSTED.match(entry)
    return entry[found.end() :][: int(found[1])] if found else entry


def payment_of(entry: str) -> str:
    """The platform's id of the payment that an entry is about ("fb:<payment>" or "fb:<payment>:<what became of it>:<n>")."""
    found = _PAYMENT.match(posting_of(entry))
    return found[1] if found else ""
