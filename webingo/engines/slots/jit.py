"""Compiling of inner loops, by numba. Never imported by what serves players."""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])

# No call divides by zero, so that no check is needed. Nothing is allocated in machine code, so that references to arrays need
# not be counted, which would take more time than all the rest.
_PLAIN: dict[str, Any] = {"error_model": "numpy", "nogil": True, "_nrt": False}
_INNER: dict[str, Any] = {**_PLAIN, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def compiled(function: F) -> F:
    """A function that other compiled ones call, as machine code: made at the first call of one of those."""
    made: F = njit(**_INNER)(function)
    return made


def inlined(function: F) -> F:
    """The same for a function that is called in one place only: it is put in there. Machine code that others call is worked
    over anew with each of them, so that this saves time for the big ones."""
    made: F = njit(inline="always", **_INNER)(function)
    return made


def small(function: F) -> F:
    """The same for a function of a few instructions, that is put in wherever it is called."""
    made: F = njit(forceinline=True, **_INNER)(function)
    return made


def kept(function: F) -> F:
    """A function to be called from here, as machine code that is kept beside the source: only the first run after an
    installation waits for it.

    Numba looks only at the file that the function stands in to see whether what it kept is still true; a function that calls
    others of ours has to carry a fingerprint of all of them as a variable of its closure.
    """
    try:
        made: F = njit(cache=True, **_PLAIN)(function)
    except RuntimeError:  # no folder can be written to
        made = njit(**_PLAIN)(function)
    return made
