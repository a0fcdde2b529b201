"""redis+sentinel:// - the sentinels are asked for the master before every connection."""

from collections.abc import Sequence

from webingo.support.redis.address import Endpoint
from webingo.support.redis.connection import Locate, ask_once
from webingo.support.redis.link import NoRedis, ResponseError


def locate_by_sentinels(sentinels: Sequence[Endpoint], master: str, timeout_s: float) -> Locate:
    """Names the master as the first sentinel that answers knows it. The login and the database of the URL are the
    master's. Right after a failover a sentinel may name the old one, so the connection is to check the role."""

    async def locate() -> Endpoint:
        reasons = []
        for sentinel in sentinels:
            door = Endpoint(host=sentinel.host, port=sentinel.port)
            try:
                found = await ask_once(door, timeout_s / len(sentinels) / 2, "SENTINEL", "get-master-addr-by-name", master)
            except (OSError, TimeoutError, ResponseError, NoRedis) as error:
                reasons.append(f"{door}: {error or type(error).__name__}")
                continue
            if found:
                return Endpoint(
                    host=found[0].decode(),
                    port=int(found[1]),
                    user=sentinel.user,
                    password=sentinel.password,
                    db=sentinel.db,
                    must_be_master=True,
                )
            reasons.append(f"{door} knows no master of that name")
        raise ConnectionError("no sentinel names the master: " + "; ".join(reasons))

    return locate
