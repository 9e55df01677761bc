import type { SocketClass } from "./connection.js";

/** What the world outside gives: time, chance and connections. */
export interface World {
  readonly WebSocket: SocketClass;
  /** A monotonic clock, in milliseconds. */
  now(): number;
  /** Draws from [0, 1). */
  random(): number;
}

/** The world of a browser, or of Node; there, `WebSocket` may have to be given. */
export function ownWorld(WebSocket: SocketClass | undefined): World {
  return {
    WebSocket: WebSocket ?? ownWebSocket(),
    now: () => performance.now(),
    random: Math.random,
  };
}

function ownWebSocket(): SocketClass {
  const { WebSocket } = globalThis;
  if (typeof WebSocket === "function") return WebSocket as unknown as SocketClass;
  throw new TypeError("this Node has no WebSocket: give { WebSocket } from the package ws");
}
