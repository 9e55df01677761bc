// The room's page: enter, play, show who is there, and come back when something goes wrong.

import { CloseCode, type Room, openRoom } from "../index.js";
import { describeRelay } from "./api.js";
import { Arena } from "./game/arena.js";
import { ask } from "./parts/ask.js";
import { followConditions, home, ownRoom } from "./conditions.js";
import { enableChat, followChat } from "./chat.js";
import { Controls } from "./game/controls.js";
import { find, words } from "./dom.js";
import { Game } from "./game/game.js";
import { Palette } from "./game/palette.js";
import { isolated, legible } from "./legible.js";
import {
  fitName,
  randomName,
  storeName,
  storePassword,
  storedName,
  storedPassword,
} from "./memory.js";
import { People, enableLock, followLock } from "./people.js";
import { whyNoRoom } from "./room-name.js";
import { enableCopy, showLink } from "./share.js";
import { enableRetry, followStatus, showImpossible } from "./status.js";

declare global {
  interface Window {
    /** For the curious, and for tests: try `roomwire.room.players` in the console. */
    roomwire: { room: Room; game: Game };
  }
}

/** This page is r/CODE below the relay's home, even if a proxy adds a prefix. */
const path = location.pathname.slice(new URL(document.baseURI).pathname.length);
const code = decoded(path.split("/")[1]!);
/** The home page sets it for a typed code: a typing error must not make a room. */
const isTyped = new URLSearchParams(location.search).has("join");
const seconds = (): number => performance.now() / 1000;
const palette = new Palette();
const canvas = find<HTMLCanvasElement>("#arena");

let room: Room;
let game: Game;
let arena: Arena;
let people: People;

interface Entry {
  readonly name: string;
  readonly password: string;
  readonly create: boolean;
}

async function main(): Promise<void> {
  const why = whyNoRoom(code);
  if (why) return showImpossible(why);
  find("#title").textContent = legible(`Room ${code.toUpperCase()}`);
  const name = storedName();
  if (name === null) watch();
  else play(name);
  enableChat((text) => game.say(text));
  enableLock(() => room);
  enableRetry(() => room);
  enableCopy();
  void showInvitation();
  find("#pop").addEventListener("click", () => game.pop());
  find("#leave").addEventListener("click", () => room.leave());
  const controls = new Controls(canvas, find("#stick"), fromMe, () => game.pop());
  run(controls);
  if (name === null) {
    const chosen = await askName();
    room.leave(); // the player enters again, to play
    play(chosen);
  }
  canvas.focus();
}

/**
 * Shows the game to a player without a name. It makes no room, and leaves no seat behind. A watcher
 * takes a player number all the same (SPEC 1), so the numbers of the players may have gaps.
 */
function watch(): void {
  const seat = null;
  show(openRoom(document.baseURI, { room: code, role: "spectator", create: false, seat }));
}

function play(name: string): void {
  enter({ name, create: !isTyped, password: storedPassword(code) ?? "" });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // it has a character that no room's name can have
  }
}

async function askName(): Promise<string> {
  const question = { title: "What should the others call you?", label: "Your name", ok: "Play" };
  const answer = await ask({ ...question, answer: randomName() });
  const name = fitName(legible(answer)) || randomName();
  storeName(name);
  return name;
}

function show(shown: Room): void {
  room = shown;
  game = new Game(room, seconds);
  palette.follow(room);
  arena = new Arena(canvas, room, game, palette);
  people = new People(room, game, palette);
  window.roomwire = { room, game };
}

function enter(entry: Entry): void {
  show(openRoom(home, { room: code, ...entry, create: entry.create && ownRoom }));
  followConditions(room);
  followStatus(room, (closed) =>
    enter({ ...entry, create: entry.create || closed === CloseCode.NO_SUCH_ROOM }),
  );
  followChat(room, game, palette);
  followLock(room);
  room.on("live", showTitle);
  room.on("closed", ({ code }) => {
    if (code === CloseCode.WRONG_PASSWORD) void askPassword(entry);
  });
}

async function askPassword(entry: Entry): Promise<void> {
  const error = entry.password ? "That was not it." : "";
  const question = { title: legible(`Room ${code} asks for a password`), label: "Password", ok: "Enter" };
  const password = await ask({ ...question, isSecret: true, error });
  storePassword(code, password);
  enter({ ...entry, password });
}

function showTitle(): void {
  const title = legible(room.options?.title ?? "") || `Room ${room.code}`;
  document.title = `${isolated(title)} · Roomwire`;
  find("#title").replaceChildren(words(title));
}

async function showInvitation(): Promise<void> {
  const link = code.toUpperCase();
  showLink(link, null);
  // The page works without it. If the relay is away, the status says so.
  const relay = await describeRelay().catch(() => null);
  if (relay) showLink(link, relay);
}

/** The direction from my comet to a point of the page, in units of the arena. */
function fromMe(point: { x: number; y: number }): { x: number; y: number } {
  const there = arena.unitsAt(point.x, point.y);
  const here = game.mine?.at ?? there;
  return { x: there.x - here.x, y: there.y - here.y };
}

function run(controls: Controls): void {
  let before = seconds();
  let steered = 0;
  const frame = (): void => {
    const now = seconds();
    const dt = Math.min(now - before, 0.1); // so that nothing jumps after a tab was hidden
    before = now;
    const direction = controls.direction;
    game.step(dt, direction);
    arena.show(now);
    steered += Math.hypot(direction.x, direction.y) * dt;
    if (steered > 1) find("#hints").classList.add("is-known");
    requestAnimationFrame(frame);
  };
  frame();
  setInterval(() => people.show(), 300);
}

void main();
