import type { WebSocketClass } from "./websocket.js";

/** The outside world: time, chance and connections. */
export interface World {
  readonly WebSocket: WebSocketClass;
  /** A monotonic clock, in milliseconds. */
  now(): number;
  /** The wall clock, in milliseconds. It goes on while the machine sleeps. */
  wall?(): number;
  /** Draws from [0, 1). */
  random(): number;
}

/** Our clock at the page's start, in milliseconds: a clock that loses some must stay above 0. */
const BEGIN = 3_600_000;

/** The world of a browser or of Node. An old Node has no `WebSocket`, so it must be given. */
export function ownWorld(WebSocket: WebSocketClass | undefined): World {
  return {
    WebSocket: WebSocket ?? ownWebSocket(),
    now: () => BEGIN + performance.now(),
    wall: Date.now,
    random: Math.random,
  };
}

function ownWebSocket(): WebSocketClass {
  const { WebSocket } = globalThis;
  if (typeof WebSocket === "function") return WebSocket as unknown as WebSocketClass;
  throw new TypeError("this Node has no WebSocket: give { WebSocket } from the package ws");
}
