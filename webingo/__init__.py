"""A stateful session server for HTML5 casino-style games."""

__version__ = "0.1.0"
