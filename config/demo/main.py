"""The demo's command line: open the stage, tell the story, and close (or stay) again."""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence

from config.demo.browser import PageRefused
from config.demo.stage import Stage, StageFailed


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; 0 when our book and the ledgers' agree, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="manage.py demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end by itself after the last step")
    options = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stage = Stage()
    try:
        stage.open_sandbox()
        stage.set_environment()
        summary = _play(stage)
        if not options.once:
            _stay(stage)
        print(json.dumps(summary))
        return 0 if summary["agrees"] else 1
    except (StageFailed, PageRefused) as failure:
        print(f"\nThe demo stopped: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        stage.close()


def _play(stage: Stage) -> dict:
    import django
    from django.core.management import call_command

    stage.open_web()
    django.setup()
    # The story is written for people; what the rooms log goes to the processes' own files.
    call_command("migrate", verbosity=0)
    from config.demo.story import Story

    story = Story(stage)
    story.create_user()
    stage.open_office()
    return story.tell()


def _stay(stage: Stage) -> None:
    print(f"\n  Everything keeps running: {stage.web_url}/admin/  (user ann, password ann)")
    print(f"  The vendors' side: {stage.sandbox.url}/_control     Ctrl-C ends it all.\n")
    sys.stdout.flush()
    try:
        while True:
            stage.check()
            time.sleep(1)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(sys.argv[0])))
    sys.exit(main())
