"""The command `relay`. Commands are imported when they are used, so that help comes at once."""

from __future__ import annotations

import importlib.metadata
import sys
from typing import TYPE_CHECKING, NoReturn

from relay.cli.printing import complain

if TYPE_CHECKING:
    from cyclopts import App, CycloptsError

PLUGINS = "roomwire.commands"
"""Entry points of this group are commands, too: so the relay has bots, yet imports no client."""

KNOWN = {
    "bots": "Let bots play in a room, and say what it came to.",
    "bench": "Put a load on a relay, and say what it bears and what it costs.",
    "fuzz": "Try a codec with damaged messages whose right answer is known.",
}
"""What plugins do, where we know it: asking them would import them."""

HELP = "A relay for multiplayer games: rooms, order, exactly-once delivery over WebSocket."

SERVE = """Run a relay until Ctrl+C.

The environment can set every option, too: RELAY_PORT is --port, RELAY_ORIGINS --origin.

Ctrl+C, SIGTERM and a closed terminal (SIGHUP) let games end: the relay tells everybody, takes \
nobody in any more, and closes one connection after another within --drain-seconds. A second \
Ctrl+C closes what is left at once. A relay that was started with nohup goes on when its terminal \
is closed.

With --state FILE the rooms outlive the relay: at its end it writes them to FILE, and when it is \
started again, it reads them, and players go on where they were. While it starts, FILE is called \
FILE.taken; once the relay serves, it is removed. A relay that is killed while it starts loses \
nothing: the next one finds FILE.taken. A relay that is killed before its end keeps no rooms: give \
it 4 s more than --drain-seconds, and time to write them. A damaged file, or one of another \
version, is kept as FILE.bad, and the relay starts without rooms. Each relay needs a FILE of its \
own.
"""

SERVE_EXAMPLES = """Examples:
  relay serve
  relay serve --host 0.0.0.0 --name relay.example.com
  relay serve --origin https://my-game.example.com
  relay serve --name relay.example.com --trusted-proxy 127.0.0.1
  relay serve --state rooms.state --drain-seconds 5
  RELAY_PORT=9000 relay serve
"""

NEW = """Make a small game that runs, to change into your own.

It is a folder of a few short files: a page without a build, a bot, a test that plays two players \
against a relay, and a README.
"""

NEW_EXAMPLES = """Examples:
  relay new pong
  relay new chess --template turns
  relay new sparring --template bot
"""


def build() -> App:
    """Build the command line. Commands are named here and loaded only when they run."""
    from cyclopts import App

    app = App(
        name="relay",
        help=HELP,
        version=f"Roomwire {importlib.metadata.version('roomwire')}",
        help_format="plaintext",
        print_error=False,
        exit_on_error=False,
    )
    app.command("relay.cli.commands:serve", help=SERVE, help_epilogue=SERVE_EXAMPLES)
    app.command(
        "relay.cli.commands:demo", help="Run a relay with bots in a room, and print its link."
    )
    app.command("relay.cli.new:new", help=NEW, help_epilogue=NEW_EXAMPLES)
    app.command("relay.cli.commands:version", help="Print the version, and those of the wire.")
    for plugin in importlib.metadata.entry_points(group=PLUGINS):
        app.command(plugin.value, name=plugin.name, help=KNOWN.get(plugin.name))
    return app


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command and exit: 0 is well, 2 is something to change in the command line.

    Args: arguments: those of the process if left out.
    """
    try:
        _run(arguments)
    except ImportError as error:  # of a plugin, or of what `pip install --no-deps` has left out
        _fail(f"a command cannot be loaded: {error.__cause__ or error}")
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _run(arguments: list[str] | None) -> None:
    from cyclopts import CycloptsError

    try:
        build()(arguments)
    except CycloptsError as error:
        _fail(_explain(error))


def _explain(error: CycloptsError) -> str:
    """Return one line. Imports here, as only failures need them."""
    from pydantic import ValidationError

    from relay.policy.config import explain

    if isinstance(error.__cause__, ValidationError):
        return explain(error.__cause__)
    return " ".join(str(error).split())


def _fail(why: str) -> NoReturn:
    complain(f"relay: {why}")
    sys.exit(2)
