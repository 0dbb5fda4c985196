"""A queue's cluster that is cranked by hand: `python -m tests.audit.hand_cluster`.

Each line it is sent is a command; when it has done it, it answers `done`:
    tick   put a tick in the queue, as the schedule does every minute, then work
    work   take tasks from the queue and run them, until none is to be had
The tasks are taken by the queue's own pusher, one by one, and acknowledged when they have been
run, as by its monitor. Works on the database and the sandbox that its environment names.
"""

import pydoc
import sys
import threading
import traceback

import django


def main() -> None:
    django.setup()
    from django_q.tasks import async_task

    from audit.nudge import TICK

    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "tick":
            async_task(TICK)
        work()
        print("done", flush=True)


def work() -> None:
    from django_q.brokers import get_broker
    from django_q.pusher import pusher

    class Taken(list):
        put = list.append

    broker, once = get_broker(), threading.Event()
    once.set()
    while True:
        taken, before = Taken(), broker.queue_size()
        pusher(taken, once, broker)
        for task in taken:
            try:
                pydoc.locate(task["func"])(*task["args"], **task["kwargs"])
            except Exception:
                traceback.print_exc()
            broker.acknowledge(task["ack_id"])
        if not taken and not before:
            return


if __name__ == "__main__":
    main()
