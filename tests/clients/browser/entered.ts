// A room whose relay is the test, on a clock that the test moves.

import { mock } from "node:test";
import type { Event } from "../../../clients/browser/src/events.js";
import { Driver } from "../../../clients/browser/src/io/driver.js";
import type { WebSocketClass } from "../../../clients/browser/src/io/websocket.js";
import { Room } from "../../../clients/browser/src/room.js";
import { type FakeSocket, fakeSockets } from "./fake-socket.js";
import { joined, welcome } from "./frames.js";

export const SEAT = new Uint8Array(16).fill(7);

const TYPES = [
  "message",
  "updated",
  "joined",
  "left",
  "presenceChanged",
  "hostChanged",
  "propertyChanged",
  "snapshotReceived",
  "snapshotWanted",
  "refused",
  "notice",
  "live",
  "reconnecting",
  "resumed",
  "lost",
  "closed",
] as const;

let now = 0;

/** Stops the clock at 0. Call it before each test. */
export function stopClock(): void {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  now = 0;
}

/** Lets time pass, a second at a time. */
export function pass(milliseconds: number): void {
  for (let left = milliseconds; left > 0; left -= 1000) {
    now += Math.min(left, 1000);
    mock.timers.tick(Math.min(left, 1000));
  }
}

export const clock = (): number => now;

export interface Entered {
  readonly room: Room;
  readonly events: Event[];
  /** The newest connection. */
  socket(): FakeSocket;
  attempts(): number;
}

/** Enters a room by sockets of a class. */
export function enterBy(WebSocket: WebSocketClass, options = {}): Room {
  const world = { WebSocket, now: clock, random: () => 0.5 };
  const driver = new Driver(["ws://relay/r/K7QF"], { seat: SEAT, name: "Ada", ...options }, world);
  const room = new Room(driver, "k7qf");
  driver.open(null);
  return room;
}

/** Enters a room in which nobody reads. */
export function enterUnread(options = {}): Entered {
  const { made, WebSocket } = fakeSockets();
  const room = enterBy(WebSocket, options);
  return { room, events: [], socket: () => made.at(-1)!, attempts: () => made.length };
}

/** Enters a room, and reads all that happens. */
export function enter(options = {}): Entered {
  const entered = enterUnread(options);
  read(entered);
  return entered;
}

/** Lets the program read all types of events. */
export function read({ room, events }: Entered): void {
  for (const type of TYPES) room.on(type, (event: Event) => void events.push(event));
}

/** Is told a room up to LIVE as Ada, player 1 and host; Bob, player 2, is there too. */
export function enterUpToLive(options = {}, host = 1): Entered {
  const entered = enter(options);
  entered.socket().open();
  entered.socket().tell(welcome(), joined(1, "Ada", 1), joined(2, "Bob", 2));
  entered.socket().tell({ type: "Host", seq: 3, player: host, term: 1 });
  return entered;
}

/** Enters a room as Ada, player 1 and host; Bob, player 2, is there too. */
export function enterLive(options = {}, host = 1): Entered {
  const entered = enterUpToLive(options, host);
  entered.socket().tell({ type: "Live", seq: 3 });
  entered.socket().heard();
  entered.events.length = 0;
  return entered;
}

export const types = (events: readonly { type: string }[]): string[] =>
  events.map(({ type }) => type);
