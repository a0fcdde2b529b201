"""python -m bench [--quick] [--profile] [--output FILE] [--json FILE]"""

import argparse
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from bench.profiling import profile
from bench.report import ratios, report
from bench.run import QUICK, Results, Size, run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="What a bet costs on this machine.")
    parser.add_argument("--quick", action="store_true", help="a few seconds: shows that it runs, not what is true")
    parser.add_argument("--profile", action="store_true", help="the costliest functions of the server instead")
    parser.add_argument("--output", type=Path, help="where the report goes; by default bench/README.md, with --quick nowhere")
    parser.add_argument("--json", type=Path, help="writes all figures there, too")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, _stopped)
    size = QUICK if given.quick else Size()
    if given.profile:
        print(profile(size))
        return
    results = run(size, lambda line: print(line, file=sys.stderr, flush=True))
    text = report(results)
    print(text)
    output = given.output or (None if given.quick else Path(__file__).with_name("README.md"))
    if output is not None:
        output.write_text(text, encoding="utf-8")
    if given.json is not None:
        given.json.write_text(json.dumps(_document(results), indent=1), encoding="utf-8")


def _document(results: Results) -> dict[str, object]:
    return {
        "size": asdict(results.size),
        "machine": results.machine,
        "windows": [
            {"what": what, "connections": count, "how": how, **figures}
            for (what, count, how), figures in results.windows.items()
        ],
        "memory_kib": results.memory,
        "ratios": ratios(results),
    }


def _stopped(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


try:
    main()
except KeyboardInterrupt:
    sys.exit("stopped")
