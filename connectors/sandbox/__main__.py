"""Lets `python -m connectors.sandbox` start the sandbox."""

import sys

from .main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
