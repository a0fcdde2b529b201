"""The machine under the figures: which cores, how much CPU a process has used, and what all of it is."""

import os
import platform
import resource
import time
from importlib.metadata import version
from pathlib import Path

_CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = _CORES[0]
OTHER_CORE = _CORES[-1]
ONE_CORE = SERVER_CORE == OTHER_CORE


def pin(core: int) -> None:
    """This process, and whatever it starts, runs on that core only."""
    os.sched_setaffinity(0, {core})


def cpu_s(pid: int) -> float:
    """Seconds of CPU, user and system, of all threads of a process since its start, to the nanosecond.

    The number of another process's CPU clock is made as clock_getcpuclockid(3) does it; /proc/<pid>/stat has the same
    figure in steps of ten milliseconds.
    """
    return time.clock_gettime((~pid << 3) | 2)


def rss_kib(pid: int) -> int:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("VmRSS:")[2].split()[0])


def allow_many_files() -> None:
    """A thousand connections and more are open at once; many shells allow 1,024 files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if most == resource.RLIM_INFINITY else min(most, 65536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def description(redis_version: str) -> dict[str, str]:
    """What a reader has to know to compare these figures with others."""
    return {
        "CPU": cpu_model(),
        "cores": f"{len(_CORES)} of {os.cpu_count()} usable; "
        + ("everything on the only one" if ONE_CORE else f"servers on core {SERVER_CORE}, all else on core {OTHER_CORE}"),
        "system": f"{platform.system()} {platform.release()}",
        "load average before the run": f"{os.getloadavg()[0]:.2f}",
        "Python": platform.python_version(),
        "tornado": version("tornado"),
        "uvloop": version("uvloop"),
        "redis-py": version("redis"),
        "hiredis": version("hiredis"),
        "redis-server": redis_version,
    }


def cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
