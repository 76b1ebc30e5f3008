"""A child process for the tests of ``Child`` and ``Keeper``: obeys a few words on stdin."""

from __future__ import annotations

import json
import os
import signal
import sys


def main() -> None:
    """Greet, then echo until stdin ends."""
    first = json.loads(sys.stdin.readline())
    if first.get("fail"):
        print(json.dumps({"event": "failed", "message": first["fail"]}), flush=True)
        raise SystemExit(1)
    print(json.dumps({"event": "ready", "pid": os.getpid()}), flush=True)
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("do") == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if message.get("do") == "babble":
            print("this is no JSON", flush=True)
        print(json.dumps({"event": "echo", **message}), flush=True)


if __name__ == "__main__":
    main()
