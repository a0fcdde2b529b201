"""Processes of the benchmark and how they are told what to do: a line of JSON in, a line of JSON out.

A child ends when its standard input does, so that none outlives the run, however that ends.
"""

import asyncio
import json
import select
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import uvloop

from bench.machine import allow_many_files, pin

ROOT = Path(__file__).parent.parent
_STOP_S = 15


class Child:
    """`python -m <module>` on one core, started with `config`. As a context it is stopped, by its pid, at the end."""

    def __init__(self, module: str, core: int, log: Path, **config: Any) -> None:
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, str(core), json.dumps(config)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C reaches the parent alone, which stops its children in order
            )
        self.pid = self._process.pid

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def ask(self, timeout_s: float = 60, **command: Any) -> dict[str, Any]:
        """The answer to a command. Raises RuntimeError, with the end of the child's log, where there is none."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        try:
            stdin.write(json.dumps(command).encode() + b"\n")
            stdin.flush()
            ready = select.select([stdout], [], [], timeout_s)[0]
            line = stdout.readline() if ready else b""
        except BrokenPipeError:
            line = b""
        if not line:
            raise RuntimeError(f"no answer to {command}:\n{self._log.read_text(errors='replace')[-4000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def stop(self) -> None:
        for end in (lambda: None, self._process.terminate, self._process.kill):
            end()
            if self._process.stdin is not None and not self._process.stdin.closed:
                self._process.stdin.close()
            try:
                self._process.wait(_STOP_S)
                return
            except subprocess.TimeoutExpired:
                continue


Answer = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
Begin = Callable[[dict[str, Any]], Awaitable[tuple[Answer, Callable[[], Awaitable[None]]]]]


def run_child(begin: Begin) -> None:
    """The main program of a child: `begin(config)` makes what answers commands, and what ends it."""
    pin(int(sys.argv[1]))
    allow_many_files()
    uvloop.run(_child(begin, json.loads(sys.argv[2])))


async def _child(begin: Begin, config: dict[str, Any]) -> None:
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    answer, end = await begin(config)
    try:
        while line := await commands.readline():
            sys.stdout.write(json.dumps(await answer(json.loads(line))) + "\n")
            sys.stdout.flush()
    finally:
        await end()
