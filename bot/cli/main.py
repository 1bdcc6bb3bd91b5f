"""Reads the command line and calls one command. Exit status: 0 done, 1 failed, 2 bad input, 130 interrupted."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

from bot.cli.options import add_request_options
from db.errors import DatabaseError
from pipeline.errors import InvalidRequest, MemberError

FAILED: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130


class OneSentenceParser(argparse.ArgumentParser):
    """argparse, but a mistake is answered by one sentence instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where help is, and exit with 2."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}. Try `{self.prog} --help`.\n")


def build_parser() -> argparse.ArgumentParser:
    """The whole command line. Each sub-command sets `module`, the module whose `run(args)` does it."""
    parser = OneSentenceParser(
        prog="python -m bot", description="Tagbrush: paint anime pictures with SDXL checkpoints."
    )
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND", parser_class=OneSentenceParser
    )

    def command(name: str, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(module=f"bot.cli.{name}")
        return sub

    imagine = command("imagine", "Paint pictures and write them as PNG files.")
    add_request_options(imagine)
    imagine.add_argument(
        "--seeds",
        metavar="LIST",
        default="",
        help="a series in place of --seed and --count, such as 100-107, 100-800/100 or 1,5,9",
    )
    imagine.add_argument("--yes", action="store_true", help="paint what makes several jobs without asking")
    imagine.add_argument("--out", metavar="PATH", default="pictures", help="folder, or a file ending in .png")
    imagine.add_argument("--json", action="store_true", help="print one JSON object for each picture")

    prompt = command("prompt", "Show what would be sent to the model, without loading it.")
    add_request_options(prompt)
    prompt.add_argument("--json", action="store_true", help="print one JSON object")

    profiles = command("profiles", "List the model profiles.")
    profiles.add_argument("--json", action="store_true", help="print one JSON object for each profile")

    doctor = command("doctor", "Check that this machine and the settings are ready, and print the invite link.")
    doctor.add_argument("--json", action="store_true", help="print one JSON object for each check")

    run = command("run", "Run the bot on Discord with the settings from .env.")
    run.add_argument("--json", action="store_true", help="log as JSON lines")

    demo = command(
        "demo", "Run the bot against a simulated Discord in your browser: no token, no GPU, no download."
    )
    demo.add_argument("--port", metavar="N", default="0", help="port of the local page; 0 picks a free one")
    demo.add_argument("--json", action="store_true", help="print the page's address as a JSON object")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    args = build_parser().parse_args(argv)
    try:
        status: int = importlib.import_module(args.module).run(args)
    except InvalidRequest as error:
        print(error.text, file=sys.stderr)
        return BAD_INPUT
    except (MemberError, DatabaseError) as error:
        print(error.text, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone (`... | head`); there is nobody left to tell.
        sys.stderr.close()
        return FAILED
    return status
