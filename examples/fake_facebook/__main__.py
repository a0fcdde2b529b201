"""Facebook on this machine, and webingo beside it: python -m examples.fake_facebook, or make run FACEBOOK=fake.

Anything behind `--` goes to `webingo serve`, like `-- --backoffice`. Ctrl-C stops both. What they keep stands in
var/fake_facebook, apart from the demo's, and the site is open there whatever res/local_sites says.
"""

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.error import URLError

from examples.fake_facebook.api import FakeFacebook
from examples.fake_facebook.canvas import Canvas
from webingo.config import Settings, read
from webingo.errors import BadResource

PORT = 8070
KEPT = Path("var/fake_facebook")
_READY_S, _STOP_S, _AGAIN_S = 60, 30, 5
_SERVE = [sys.executable, "-c", "from webingo.cli import app; app()", "serve"]


async def main(port: int, site: str, serve: Sequence[str]) -> int:
    """The exit status: the server's; 1 where it does not come to that."""
    try:
        return await run(read(), port, site, serve)
    except BadResource as error:
        problem = str(error)
    except OSError as error:
        problem = f"{error.filename or f'port {port} of 127.0.0.1'}: {error.strerror}"
    print(f"fake facebook: {problem}", file=sys.stderr)
    return 1


async def run(settings: Settings, port: int, site: str, serve: Sequence[str]) -> int:
    """Raises BadResource, and OSError where the port is taken or there is no such site."""
    server = f"http://localhost:{settings.http_port}"
    fake = FakeFacebook(port)
    fake.payments.first_id = time.time_ns() // 1_000_000_000 * 100_000  # a database remembers the payments of earlier runs
    canvas = Canvas(fake, server, site)
    await fake.start()
    webhook_token = secrets.token_hex(16)
    environment = {
        "FB_APP_ID": fake.app_id,
        "FB_APP_SECRET": fake.app_secret,
        "FB_GRAPH_URL": fake.graph,
        "FB_SDK_URL": f"{fake.origin}/sdk.js",
        "FB_WEBHOOK_TOKEN": webhook_token,
        "FB_PUBLIC_URL": server,
        "FB_CANVAS_ORIGINS": f'["{fake.origin}"]',
        "RES_DIR": str(opened(settings.res_dir, site)),
    }
    own = {"REDIS_URL": f"embedded:{KEPT / 'redis'}", "BACKOFFICE_DATABASE": f"sqlite:///{KEPT / 'backoffice.db'}"}
    variables = {**prefixed(own), **os.environ, **prefixed(environment)}
    process = await asyncio.create_subprocess_exec(*_SERVE, *serve, env=variables)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # In a terminal Ctrl-C reaches the server, too; it takes a second signal as it took the first.
        loop.add_signal_handler(number, lambda: process.returncode is None and process.terminate())
    chores = asyncio.create_task(_chores(fake, canvas, server, webhook_token))
    status = await process.wait()
    chores.cancel()
    await fake.stop()
    return status


def prefixed(settings: dict[str, str]) -> dict[str, str]:
    """As the variables that webingo reads."""
    return {f"WEBINGO_{name}": value for name, value in settings.items()}


def opened(res: Path, site: str) -> Path:
    """A copy of the folder of games and sites in which the site is open."""
    copy = KEPT / "res"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(res, copy)
    file = copy / "local_sites" / f"{site}.json"
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), "enabled": True}), encoding="utf-8")
    return copy


async def _chores(fake: FakeFacebook, canvas: Canvas, server: str, webhook_token: str) -> None:
    """Says where to go once the server answers; then tells it again what it did not take, as Facebook does."""
    for _ in range(_READY_S * 10):
        if await asyncio.to_thread(_ready, server):
            break
        await asyncio.sleep(0.1)
    heard = await fake.payments.verify(webhook_token)
    print(
        f"\nA fake Facebook runs beside the server:\n    play      {canvas.address}\n"
        f"    webhook   {fake.callbacks['payments']} {'is verified' if heard else 'DOES NOT ANSWER as it should'}\n",
        flush=True,
    )
    while True:
        await asyncio.sleep(_AGAIN_S)
        await fake.payments.redeliver()


def _ready(server: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with contextlib.suppress(URLError, OSError), direct.open(f"{server}/readyz", timeout=2):
        return True
    return False


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m examples.fake_facebook", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help=f"where the fake listens ({PORT})")
    parser.add_argument("--site", default="social", help="the site of webingo that is opened (social)")
    parser.add_argument("serve", nargs="*", help="for `webingo serve`, behind --")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.port, given.site, given.serve)))
