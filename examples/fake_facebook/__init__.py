"""A Facebook to try webingo with, and to test it against: everything over real HTTP, nothing leaves the machine."""

from examples.fake_facebook.api import FakeFacebook

__all__ = ["FakeFacebook"]
