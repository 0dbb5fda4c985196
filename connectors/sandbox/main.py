"""Starts the sandbox: finds the vendors' packages, opens the port, says where, and stops tidily."""

import argparse
import importlib
import pkgutil
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from .chassis import Vendor
from .clock import Clock
from .house import House
from .server import Server


def open_vendors(clock: Clock, seed: int) -> list[Vendor]:
    """Every vendor there is: the packages beside this module that have `open_vendor`."""
    here = Path(__file__).parent
    vendors = []
    for found in pkgutil.iter_modules([str(here)]):
        if found.ispkg:
            package = importlib.import_module(f"{__package__}.{found.name}")
            if hasattr(package, "open_vendor"):
                vendors.append(package.open_vendor(clock, seed))
    return vendors


class Running:
    """A sandbox on a port with its threads; `stop()` hangs up and writes the state file."""

    def __init__(self, port: int = 0, seed: int = 0, state_path: Path | None = None) -> None:
        self.clock = Clock()
        self.house = House(open_vendors(self.clock, seed), self.clock, state_path)
        self.server = Server(self.house.answer, self.clock.http_date, port)
        self.house.url = self.url = self.server.url
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        ]
        if state_path is not None:
            keeper = threading.Thread(
                target=self.house.keep_saving, args=(self._stopping,), daemon=True
            )
            self._threads.append(keeper)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self.server.stop()
        for thread in self._threads:
            thread.join(timeout=5)
        self.house.save()


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status."""
    parser = argparse.ArgumentParser(prog="sandbox", description="Simulators of the vendors.")
    parser.add_argument("--port", type=int, default=8700, help="0 takes a free one and prints it")
    parser.add_argument("--seed", type=int, default=0, help="names ids, keys and secrets")
    parser.add_argument("--state", type=Path, help="keep everything in this file over restarts")
    options = parser.parse_args(argv)
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    try:
        running = Running(options.port, options.seed, options.state)
    except OSError as failure:
        print(f"sandbox: port {options.port}: {failure}; choose another", file=sys.stderr)
        return 1
    print(f"sandbox {running.url}", flush=True)
    while not stopping.wait(3600):
        continue
    running.stop()
    return 0
