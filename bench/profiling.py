"""`python -m bench --profile`: which functions of the server a settled bet's time goes to."""

from contextlib import ExitStack

from bench.machine import OTHER_CORE, pin
from bench.run import Place, Size, Subject

_TOP = 25


def profile(size: Size) -> str:
    """The costliest functions of the server's event loop while bets are played, by what they cost without what they call.

    cProfile slows Python's own functions down and hardly those written in C: read the order and the calls, not the sum.
    """
    pin(OTHER_CORE)
    with Place() as place, ExitStack() as stack:
        ours = Subject(place, stack, place.server(False, size), "/session/ws", "a")
        group = ours.begin(ours.load(ours.open(size.few)))
        plain = ours.play(group, size)
        ours.server.ask(do="profile")
        # Without a warm-up all rounds but the last ones under way are counted.
        measured = ours.play(group, Size(warmup=0.0, seconds=size.seconds * size.turns))
        functions = ours.server.ask(do="profiled")["functions"]
    rounds = measured["rounds"]
    lines = [
        f"{plain['cpu_s']['server'] / plain['rounds'] * 1e6:.0f} µs per settled bet without the profiler, "
        f"{measured['cpu_s']['server'] / rounds * 1e6:.0f} µs with it ({rounds} rounds). µs per round:",
        f"{'itself':>8} {'with calls':>10} {'calls':>7}  function",
    ]
    for name, where, calls, own, total in functions[:_TOP]:
        lines.append(f"{own / rounds * 1e6:8.1f} {total / rounds * 1e6:10.1f} {calls / rounds:7.2f}  {name}  ({where})")
    return "\n".join(lines)
