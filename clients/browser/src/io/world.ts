import type { WebSocketClass } from "./websocket.js";

/** What the world outside gives: time, chance and connections. */
export interface World {
  readonly WebSocket: WebSocketClass;
  /** A monotonic clock, in milliseconds. */
  now(): number;
  /** The wall clock, in milliseconds, which goes on while the machine sleeps. */
  wall?(): number;
  /** Draws from [0, 1). */
  random(): number;
}

/** Milliseconds on our clock when the page began: one that loses some must not become negative. */
const BEGIN = 3_600_000;

/** The world of a browser, or of Node; there, `WebSocket` may have to be given. */
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
