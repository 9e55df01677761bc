// Take 1 to 3 sticks in turn; whoever takes the last one loses. The host keeps the game as the
// room's property "game", which the relay lets nobody else write. Players ask the host for moves.
import { HOST, openRoom } from "roomwire-client";
import { dependencies } from "./package.json";

type Game = { sticks: number; turn: number; last?: number };

// Vite's own server has another port than the relay, which the client was installed from.
const home = new URL("..", dependencies["roomwire-client"]).href;
const relay = import.meta.env.DEV ? home : `${location.origin}/relay`;
const asked = new URLSearchParams(location.search); // as in /?room=DEN&name=Ann
const [code, name] = [asked.get("room") ?? "LOBBY", asked.get("name") ?? "guest"];
const room = openRoom(relay, { room: code, name, create: { hostKeys: ["game"] } });

const game = (): Game | undefined => room.properties.get("game");
const here = () => [...room.players.keys()];

/** Returns the game after a player's move, or null if the rules forbid it. */
function after(game: Game | undefined, player: number, take: number, players: number[]) {
  if (take === 0 && game?.sticks === 0) return { sticks: 21, turn: player };
  if (player !== game?.turn || ![1, 2, 3].includes(take) || take > game.sticks) return null;
  const turn = players.find((number) => number > player) ?? players[0];
  return { sticks: game.sticks - take, turn, last: player };
}

// Every page can be the host, so that the game outlives each of them.

/** Writes the game. Of two moves on one version of it, the relay refuses the second. */
function write(next: Game | null) {
  const expected = room.properties.version("game");
  if (next && room.isHost) room.setProperty("game", next, { expected });
}

/** Sees that there is a game, and that somebody who is here is to move. */
function tend() {
  if (!room.players.has(game()?.turn!)) write({ sticks: 21, ...game(), turn: here()[0]! });
}

room.on("message", ({ sender, value }) => write(after(game(), sender, value?.take, here())));
for (const type of ["live", "hostChanged", "left"] as const) room.on(type, tend);

function draw() {
  const { sticks, turn, last } = game() ?? ({} as Partial<Game>);
  const name = (number?: number) => room.players.get(number!)?.name ?? "Somebody who left";
  const lost = last ? `${name(last)} took the last stick, and lost.` : "The game begins soon.";
  const next = turn === room.me ? "It is your turn." : `It is the turn of ${name(turn)}.`;
  const told = sticks ? next : lost;
  show("line", room.state === "live" ? told : `The connection is ${room.state}.`);
  show("sticks", "|".repeat(sticks ?? 0));
  const all = [...room.players.values()].map((it) => it.name + (it.state ? " (away)" : ""));
  show("here", `Here: ${all.join(", ")}. The host is ${name(room.host)}.`);
  for (const button of document.querySelectorAll("button")) {
    button.disabled = !after(game(), room.me, Number(button.value), here());
  }
}

function show(id: string, text: string) {
  document.getElementById(id)!.textContent = text;
}

for (const button of document.querySelectorAll("button")) {
  button.onclick = () => room.send({ take: Number(button.value) }, { to: HOST });
}
Object.assign(globalThis, { room }); // for the browser's console
for await (const _ of room) draw();
