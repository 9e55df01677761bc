import { homeRelay, parseAddress } from "./core/address.js";
import type { SocketClass } from "./io/websocket.js";
import { CloseCode } from "./protocol/close-codes.js";
import { type HelloOptions, PresenceState } from "./protocol/frames.js";
import { followPage } from "./io/page-life.js";
import { type Companion, Room } from "./room.js";
import { SeatSecret, type Storage, tabStorage } from "./io/secret.js";
import { ownWorld } from "./io/world.js";

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

/** Secrets of the seats that this page has. */
const inUse = new Set<string>();

/**
 * Enters a room and returns once it is known as it stands: at the event `live`.
 *
 * What happened until then, its past included, and what happens after, waits for the first reader:
 * for a loop over the room, or for handlers, which begin to hear it in the next macrotask after the
 * first `room.on`. Nothing is dropped while nobody reads. What waits is bounded by the history that
 * the relay keeps (`room.limits`), and by what the room as it stands can hold; beyond that the client
 * closes the connection (code 4002, reason "unread"), and resumes by itself once somebody reads. The
 * relay holds the seat meanwhile, for 30 s unless the room says otherwise; after that, what was
 * missed is told as to one who enters. So a program that only sends still has to read: `room.on` of
 * any one type will do.
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

/**
 * Begins to enter a room and returns at once, to show what happens meanwhile; see `connect`.
 *
 * @throws Error if no WebSocket can be made for the address
 */
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
  const secret = seat === undefined ? new SeatSecret(address.room, storage, inUse) : null;
  const greeting = { ...hello, seat: secret?.bytes ?? seat ?? undefined };
  const make = (companion: Companion): Room =>
    new Room(address.url, address.room, greeting, ownWorld(WebSocket), companion);
  const room = accompanied(make, secret, follows !== false);
  if (signal?.aborted) room.leave();
  signal?.addEventListener("abort", () => room.leave());
  return room;
}

/** Makes a room, and lets it and its secret go through what their page goes through. */
function accompanied(
  make: (companion: Companion) => Room,
  secret: SeatSecret | null,
  tellsPresence: boolean,
): Room {
  const closed = ({ code }: { code: number }): void => {
    stop();
    if (code === CloseCode.NORMAL) secret?.forget();
    else secret?.keepForReload(); // one who was kicked stays who they are
  };
  const room = withSecret(secret, (confirmed) => make({ confirmed, closed }));
  const stop = followPage({
    hidden() {
      secret?.putAway();
      if (tellsPresence) room.presence(PresenceState.AWAY);
    },
    gone: () => secret?.letGo(),
    shown() {
      secret?.takeOut();
      secret?.takeBack();
      if (tellsPresence) room.presence(PresenceState.HERE);
    },
    doubtful: () => room.check(),
  });
  return room;
}

/** Makes a room with a secret, which goes back to where it was if none can be made. */
function withSecret(
  secret: SeatSecret | null,
  make: (confirmed: Companion["confirmed"]) => Room,
): Room {
  try {
    return make(secret?.confirmed() ?? null);
  } catch (error) {
    secret?.keepForReload();
    throw error;
  }
}

function home(): string {
  const url = homeRelay(import.meta.url, globalThis.location?.href);
  if (url) return url;
  throw new TypeError('outside of a page, say where the relay is: connect("ws://host:8000", ...)');
}
