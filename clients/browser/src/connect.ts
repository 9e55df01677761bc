import { homeRelay, parseAddress } from "./core/address.js";
import { Driver } from "./io/driver.js";
import { followPage } from "./io/page-life.js";
import { SeatSecret, tabStorage } from "./io/secret.js";
import { ownWorld } from "./io/world.js";
import type { ConnectOptions } from "./options.js";
import { CloseCode } from "./protocol/close-codes.js";
import { PresenceState } from "./protocol/frames.js";
import { Room } from "./room.js";

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
  const driver = open(secret, () => new Driver(address.url, greeting, ownWorld(WebSocket)));
  const room = new Room(driver, address.room);
  accompany(driver, room, secret, follows !== false);
  if (signal?.aborted) room.leave();
  signal?.addEventListener("abort", () => room.leave());
  return room;
}

/** Lets a driver connect. The secret goes back to where it was if no connection can be made. */
function open(secret: SeatSecret | null, make: () => Driver): Driver {
  try {
    const confirmed = secret?.confirmed() ?? null;
    const driver = make();
    driver.open(confirmed);
    return driver;
  } catch (error) {
    secret?.keepForReload();
    throw error;
  }
}

/** Lets a room and its secret go through what their page goes through. */
function accompany(
  driver: Driver,
  room: Room,
  secret: SeatSecret | null,
  tellsPresence: boolean,
): void {
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
  driver.hub.watch("closed", ({ code }) => {
    stop();
    if (code === CloseCode.NORMAL) secret?.forget();
    else secret?.keepForReload(); // one who was kicked stays who they are
  });
}

function home(): string {
  const url = homeRelay(import.meta.url, globalThis.location?.href);
  if (url) return url;
  throw new TypeError('outside of a page, say where the relay is: connect("ws://host:8000", ...)');
}
