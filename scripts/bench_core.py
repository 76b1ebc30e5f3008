"""What the decisions of a call cost: ten minutes of conversation on a virtual clock. Prints the best of some runs.

Run: .venv/bin/python scripts/bench_core.py [--minutes 10] [--runs 5]
"""

from __future__ import annotations

import argparse

from voicebot.bench.core import MINUTE_MS, MINUTES, measure


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=MINUTES, help="length of the conversation")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    best = min((measure(options.minutes) for _ in range(options.runs)), key=lambda figures: figures.seconds)
    print(
        f"{best.conversation_ms / MINUTE_MS:.0f} minutes of conversation in {best.seconds * 1000:.0f} ms: "
        f"{best.events} events ({best.seconds / best.events * 1e6:.1f} us each), {best.actions} actions, "
        f"{best.queries} queries"
    )


if __name__ == "__main__":
    main()
