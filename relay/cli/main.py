"""The command `relay`. A command is imported when it is used, so that help appears at once."""

from __future__ import annotations

import importlib.metadata
import sys
from typing import TYPE_CHECKING, NoReturn

from relay.cli.printing import complain

if TYPE_CHECKING:
    from cyclopts import App, CycloptsError

PLUGINS = "roomwire.commands"
"""Entry points of this group are commands, too. So `relay bots` works, and no relay imports a
client."""

KNOWN = {
    "bots": "Let bots play in a room, and print a summary.",
    "bench": "Put a load on a relay, and print what it delivers, how fast, and at what cost.",
    "fuzz": "Try a codec, a client or a relay with damaged input, and say what it does wrong.",
    "conform": "Check a client or a relay against SPEC.md: numbered cases, and a score sheet.",
    "decode": "Show what bytes of the wire say: a frame in hex or base64, a HAR export, a capture.",
    "encode": "Write a frame as bytes: from a short form, or what `relay decode --json` printed.",
}
"""Help for known plugins. To ask the plugins themselves would import them."""

HELP = "A relay for multiplayer games: rooms, order, exactly-once delivery over WebSocket."

SERVE = """Run a relay until Ctrl+C.

The environment can set every option, too: RELAY_PORT is --port, RELAY_ORIGINS is --origin.

Ctrl+C, SIGTERM and a closed terminal (SIGHUP) stop the relay gently: it warns all players, lets \
nobody enter any more, and closes one connection after another within --drain-seconds. A second \
Ctrl+C closes the rest at once. A relay that was started with nohup keeps running when its \
terminal closes.

With --workers N the relay runs in N processes, which share the port. Each room lives in one of \
them. SIGUSR2 starts them anew one after another, and their rooms stay.

With --state FILE the rooms outlive the relay. It writes them to FILE when it stops. The next \
start reads them, and players go on where they were. Each relay needs a FILE of its own.

During a start, FILE is renamed to FILE.taken, which is removed once the relay serves. So a relay \
that is killed while it starts loses nothing: the next start finds FILE.taken. A relay that is \
killed before it has written its rooms loses them: give it 4 s more than --drain-seconds, and time \
to write. A damaged file, or one of another version, is kept as FILE.bad, and the relay starts \
without rooms.
"""

SERVE_EXAMPLES = """Examples:
  relay serve
  relay serve --host 0.0.0.0 --name relay.example.com
  relay serve --origin https://my-game.example.com
  relay serve --name relay.example.com --trusted-proxy 127.0.0.1
  relay serve --state rooms.state --drain-seconds 5
  relay serve --workers auto
  RELAY_PORT=9000 relay serve
"""

CLUSTER = "Check NATS, over which relays share their rooms."

WATCH_EXAMPLES = """Examples:
  relay watch K7QF
  relay watch K7QF --from 3 --hex
  relay watch K7QF --op JOINED --op LEFT
  relay watch K7QF --stats
  relay watch K7QF --json | grep skipped
"""

SHAPE = """Make a player's network worse on purpose, or everybody's in a room.

Without --down, --up, --both or --off it shows what holds. Conditions are a profile (lan, wifi, \
train-wifi, mobile-3g, hotel, satellite) or numbers, such as lag_ms=80,jitter_ms=20,loss=0.02. \
Players are told what holds for them. The same seed lets the same frames meet the same fate.
"""

SHAPE_EXAMPLES = """Examples:
  relay shape K7QF --player 2 --down mobile-3g --up wifi --seed 42
  relay shape K7QF --both train-wifi
  relay shape K7QF --player 2 --down lag_ms=150,stall_every_s=10,stall_s=1
  relay shape K7QF --off
"""

WHY = """Explain why a player sees nothing, or late: the likeliest reason first.

Without a player it tells of those who did not get into the room, or were cut off: what they sent \
that was refused, and how their connections ended. Without a room it does so for all \
rooms, and tells of requests that came to none.

It asks the relay, which must know you as its operator: a relay that you run on this machine does, \
others want --token-file.
"""

WHY_EXAMPLES = """Examples:
  relay why K7QF 3
  relay why K7QF
  relay why
  relay why K7QF 3 --json
  relay why K7QF 3 --url https://relay.example.com --token-file operator.token
"""

NEW = """Make a small game that runs. Change it into your own.

It is a folder of a few short files: a page without a build step, a bot, a test that plays two \
players against a relay, and a README. With --vite the page is in TypeScript, and Vite builds it.
"""

NEW_EXAMPLES = """Examples:
  relay new pong
  relay new chess --template turns
  relay new snake --vite
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
    app.command(
        "relay.cli.watch:watch",
        help="Watch a room of a running relay: who is there, and every frame.",
        help_epilogue=WATCH_EXAMPLES,
    )
    app.command("relay.cli.cluster:app", name="cluster", help=CLUSTER)
    app.command("relay.cli.why:why", help=WHY, help_epilogue=WHY_EXAMPLES)
    app.command("relay.cli.shape:shape", help=SHAPE, help_epilogue=SHAPE_EXAMPLES)
    app.command("relay.cli.commands:version", help="Print Roomwire's version, and the wire's.")
    for plugin in importlib.metadata.entry_points(group=PLUGINS):
        app.command(plugin.value, name=plugin.name, help=KNOWN.get(plugin.name))
    return app


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command and exit. 0 is success; 2 is a mistake in the command line.

    Args: arguments: if left out, those of the process.
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
    """Return one line. It imports here, as only failures need these modules."""
    from pydantic import ValidationError

    from relay.policy.config import explain

    if isinstance(error.__cause__, ValidationError):
        return explain(error.__cause__)
    return " ".join(str(error).split())


def _fail(why: str) -> NoReturn:
    complain(f"relay: {why}")
    sys.exit(2)
