"""What a crash of Redis could lose, as it is configured: the server keeps its promises only on top of a database that
keeps them."""

from webingo.support.redis.batch import BatchLink
from webingo.support.redis.link import ResponseError

FAILOVER = (
    "Redis copies to its replicas after it has answered: a failover can lose the last writes that the replica did not get."
)


async def losses(link: BatchLink, where: str) -> list[str]:
    """A sentence for each thing that could get lost; empty if every answered write survives."""
    try:
        found = await link.execute("CONFIG", "GET", "*append*") + await link.execute("CONFIG", "GET", "maxmemory*")
    except ResponseError:
        return [f"Redis at {where} does not let its configuration be read: what a crash could lose is not known."]
    config = dict(zip(found[::2], found[1::2], strict=True))
    sentences = []
    if config.get(b"appendonly") != b"yes":
        sentences.append(f"Redis at {where} keeps no append-only file: a crash loses all since the last snapshot, if any.")
    elif config.get(b"appendfsync") == b"everysec":
        sentences.append(f"Redis at {where} has appendfsync everysec: a crash of the machine loses about two seconds.")
    elif config.get(b"appendfsync") != b"always":
        sentences.append(
            f"Redis at {where} leaves it to the system when to write: a crash of the machine loses up to a minute."
        )
    elif config.get(b"no-appendfsync-on-rewrite") == b"yes":
        sentences.append(f"Redis at {where} does not sync while it rewrites its file (no-appendfsync-on-rewrite).")
    if config.get(b"maxmemory", b"0") != b"0" and config.get(b"maxmemory-policy") != b"noeviction":
        sentences.append(f"Redis at {where} throws data away when memory is short: set maxmemory-policy noeviction.")
    return sentences
