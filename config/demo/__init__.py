"""A month of a made-up firm through everything there is, on one machine and without any account."""

from config.demo.main import main

__all__ = ["main"]
