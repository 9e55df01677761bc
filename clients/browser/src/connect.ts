import { homeRelay, parseAddress } from "./address.js";
import type { SocketClass } from "./connection.js";
import { CloseCode } from "./close-codes.js";
import { type HelloOptions, PresenceState } from "./frames.js";
import { followPage } from "./page-life.js";
import { Room } from "./room.js";
import { SeatSecret, type Storage, tabStorage } from "./secret.js";
import { ownWorld } from "./world.js";

export interface ConnectOptions extends Omit<HelloOptions, "position" | "min" | "seat"> {
  /** The room's code, unless the address ends in it. */
  room?: string;
  /** The seat's secret, 16 random bytes; null for a seat that ends with its connection. */
  seat?: Uint8Array<ArrayBuffer> | null;
  /** Where a secret outlives a reload; `sessionStorage`, unless told otherwise. */
  storage?: Storage | null;
  /** For Node without a global WebSocket: that of the package `ws`. */
  WebSocket?: SocketClass;
  /** Gives the seat up when it is aborted. */
  signal?: AbortSignal;
  /** false: do not tell the room when the page is hidden. */
  followPage?: boolean;
}

/**
 * Enters a room and returns when it is live.
 *
 * @param url the relay: `ws://host:8000`, `https://host/r/K7QF`; if it is left out, the relay that
 *   served this module or the page
 * @throws RoomClosed if the room refuses entry for good; while the relay cannot be reached, this
 *   keeps trying
 */
export async function connect(
  url: string | ConnectOptions,
  options?: ConnectOptions,
): Promise<Room> {
  const room = openRoom(url, options);
  await room.ready;
  return room;
}

/** Begins to enter a room and returns at once, to show what happens meanwhile; see `connect`. */
export function openRoom(url: string | ConnectOptions, options: ConnectOptions = {}): Room {
  if (typeof url !== "string") return openRoom(home(), url);
  const {
    room: code,
    seat,
    storage = tabStorage(),
    WebSocket,
    signal,
    followPage: follows,
    ...hello
  } = options;
  const address = parseAddress(url, code);
  const secret = seat === undefined ? new SeatSecret(address.room, storage) : null;
  const greeting = { ...hello, seat: secret?.bytes ?? seat ?? undefined };
  const room = new Room(address.url, address.room, greeting, ownWorld(WebSocket));
  accompany(room, secret, follows !== false);
  if (signal?.aborted) room.leave();
  signal?.addEventListener("abort", () => room.leave());
  return room;
}

/** Lets a room and its secret go through what their page goes through. */
function accompany(room: Room, secret: SeatSecret | null, tellsPresence: boolean): void {
  const stop = followPage({
    hidden() {
      secret?.putAway();
      if (tellsPresence) room.presence(PresenceState.AWAY);
    },
    shown() {
      secret?.takeOut();
      if (tellsPresence) room.presence(PresenceState.HERE);
    },
    doubtful: () => room.check(),
  });
  room.on("closed", ({ code }) => {
    stop();
    if (code === CloseCode.NORMAL) secret?.forget();
    else secret?.putAway(); // a reload may be admitted; one who was kicked stays who he is
  });
}

function home(): string {
  const url = homeRelay(import.meta.url, globalThis.location?.href);
  if (url) return url;
  throw new TypeError('outside of a page, say where the relay is: connect("ws://host:8000", ...)');
}
