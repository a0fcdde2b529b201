"""Operators that are none, and misbehave on purpose: what adapters are tried out with."""
