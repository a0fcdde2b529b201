"""The RGS door: random numbers and money for games that live elsewhere, over HTTP (docs/rgs.md)."""
