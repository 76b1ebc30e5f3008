"""``voicebot timeline``: draw a recorded call."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from voicebot.cli.common import add_config_arguments, settings_from
from voicebot.cli.main import Subparsers
from voicebot.errors import ConfigError, TimelineError
from voicebot.timeline.drawing import draw
from voicebot.timeline.files import find_log, load_sound, load_story
from voicebot.timeline.png import lacks_han_font, to_png

_KINDS = (".svg", ".png")
_NO_HAN_FONT = "no font here has Han characters, they will be boxes: sudo apt-get install fonts-noto-cjk"


def add_parser(subparsers: Subparsers) -> None:
    """Describe the command."""
    text = "draw a recorded call: sound, speech, what was understood, decided and heard, and how long it took"
    parser = subparsers.add_parser("timeline", help=text, description=f"{text[:1].upper()}{text[1:]}.")
    parser.add_argument("call", metavar="CALL", help="id of the call, one of its files, or a folder with them")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="picture to write, .svg or .png (default: CALL.svg, here)"
    )
    parser.add_argument("--from", dest="from_s", type=float, metavar="S", help="begin here, seconds after the answer")
    parser.add_argument("--to", dest="to_s", type=float, metavar="S", help="end here")
    add_config_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Draw the call.

    Raises:
        ConfigError: an option makes no sense.
        TimelineError: there is no such call, or its files are damaged.
    """
    log = find_log(args.call, settings_from(args).paths.recordings)
    story = load_story(log)
    out: Path = args.out or Path(f"{Path(story.recording).stem or 'call'}.svg")
    if out.suffix.lower() not in _KINDS:
        raise ConfigError(f"--out {out}: the name of a picture ends in .svg or .png")
    if args.from_s is not None and args.to_s is not None and args.to_s <= args.from_s:
        raise ConfigError(f"--to {args.to_s:g} is not after --from {args.from_s:g}")
    if args.from_s is not None and args.from_s * 1000 >= story.length_ms:
        raise ConfigError(f"--from {args.from_s:g}: the call is only {story.length_ms / 1000:.1f} s long")
    sound = load_sound(log.parent / story.recording) if story.recording else None
    if sound is None:
        print(f"drawn without sound: there is no recording {log.parent / story.recording}", file=sys.stderr)
    if story.damaged:
        print(f"{story.damaged} lines of {log} are damaged and left out", file=sys.stderr)
    png = out.suffix.lower() == ".png"
    svg = draw(story, sound, args.from_s, args.to_s, night=not png)
    if png and lacks_han_font(svg):
        print(
            "no font here has Han characters, they will be boxes: sudo apt-get install fonts-noto-cjk", file=sys.stderr
        )
    try:
        out.write_bytes(to_png(svg) if png else svg.encode())
    except OSError as error:
        raise TimelineError(f"{out}: cannot be written: {error.strerror}") from error
    print(out)
    return 0
