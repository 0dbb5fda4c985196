#!/usr/bin/env python
"""The one command line of the project."""

import os
import sys
from importlib import import_module

# These run before Django, so without our settings, database and .env. The sandbox plays the
# vendors: it has to start where ml-connector itself isn't set up, and must have no way to look
# into our tables. new_env writes the very file that the settings complain about. The demo, the
# benchmark and the torture have settings of their own, whatever the user's .env says.
STANDALONE = {
    "bench": "config.bench.main",
    "demo": "config.demo",
    "new_env": "config.new_env",
    "sandbox": "connectors.sandbox.main",
    "torture": "config.torture.main",
}


def main(argv: list[str]) -> int:
    if len(argv) > 1 and argv[1] in STANDALONE:
        return import_module(STANDALONE[argv[1]]).main(argv[2:]) or 0

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(argv)
    except ImproperlyConfigured as error:
        # A wrong setting is the reader's to cure: the sentence helps, forty frames don't.
        if "--traceback" in argv:
            raise
        print(f"manage.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
