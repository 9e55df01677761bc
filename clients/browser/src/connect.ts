import { type Urls, parseAddresses } from "./core/address.js";
import { Entrance } from "./entrance.js";
import { Driver } from "./io/driver.js";
import { home } from "./io/home.js";
import { followPage } from "./io/page-life.js";
import { SeatSecret, tabStorage } from "./io/secret.js";
import { ownWorld } from "./io/world.js";
import { type ConnectOptions, type OpenOptions, TIMEOUT, checkOptions } from "./options.js";
import { CloseCode } from "./protocol/close-codes.js";
import { encode } from "./protocol/codec.js";
import { PresenceState } from "./protocol/frames.js";
import { WIRE_VERSION } from "./protocol/version.js";
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
 * A relay that is full or begins anew is tried again until `timeout`. A connect that fails, or whose
 * signal is aborted, gives up what seat it had, and leaves no socket, timer or listener behind.
 *
 * @param url the relay: `ws://host:8000`, `https://host/r/K7QF`; if it is left out, the relay that
 *   served this module or the page. Several, if several relays share their rooms (`relay serve
 *   --nats`): the first that answers is taken, and the next one whenever the connection is lost
 * @throws TypeError if the address or an option is none
 * @throws LocalProtocolError if an option is beyond what the wire can carry
 * @throws Unreachable if no WebSocket to a relay opens there; OriginRefused, which is one too, if
 *   the relay takes no pages of this origin, as far as a browser can know
 * @throws JoinError if the relay said no: a subclass names the cause, the text what to do
 */
export async function connect(
  url: Urls | ConnectOptions,
  options: ConnectOptions = {},
): Promise<Room> {
  if (!isUrls(url)) return connect(home(), url);
  checkOptions(options);
  const { timeout = TIMEOUT, ...others } = options;
  const { signal } = others;
  const begin = beginning(url, others);
  signal?.throwIfAborted();
  const { driver, room } = begin();
  await new Entrance(driver, room, { timeout, signal, fetch }).passed();
  return room;
}

/**
 * Begins to enter a room and returns at once, to show what happens meanwhile; see `connect`. While
 * the relay cannot be reached, this keeps trying.
 *
 * @throws TypeError if the address or an option is none
 * @throws LocalProtocolError if an option is beyond what the wire can carry
 * @throws Error if no WebSocket can be made for the address
 */
export function openRoom(url: Urls | OpenOptions, options: OpenOptions = {}): Room {
  if (!isUrls(url)) return openRoom(home(), url);
  checkOptions(options);
  const { room } = beginning(url, options)();
  if (options.signal?.aborted) room.leave();
  return room;
}

const isUrls = (given: Urls | OpenOptions): given is Urls =>
  typeof given === "string" || Array.isArray(given);

/** Checks all that can be wrong with a call; what is returned begins to connect. */
function beginning(urls: Urls, options: OpenOptions): () => Opened {
  const {
    room: code,
    seat,
    storage = tabStorage(),
    WebSocket,
    signal,
    followPage: follows,
    ...hello
  } = options;
  const [address, ...others] = parseAddresses(urls, code);
  const given = { ...hello, seat: seat ?? undefined };
  encode({ type: "Hello", version: WIRE_VERSION, options: given });
  const world = ownWorld(WebSocket);
  return () => {
    const secret = seat === undefined ? new SeatSecret(address.url, storage, inUse) : null;
    const greeting = secret ? { ...hello, seat: secret.bytes } : given;
    const all: [string, ...string[]] = [address.url, ...others.map(({ url }) => url)];
    const driver = open(secret, () => new Driver(all, greeting, world));
    if (seat) driver.protocol.mayHaveSeat = true;
    const room = new Room(driver, address.room);
    accompany(driver, room, secret, follows !== false, signal);
    return { driver, room };
  };
}

interface Opened {
  readonly driver: Driver;
  readonly room: Room;
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

/** Lets a room and its secret go through what their page goes through, and hear its signal. */
function accompany(
  driver: Driver,
  room: Room,
  secret: SeatSecret | null,
  tellsPresence: boolean,
  signal: AbortSignal | undefined,
): void {
  const leave = (): void => room.leave();
  signal?.addEventListener("abort", leave);
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
  let isTold = false;
  driver.hub.watch("live", () => {
    if (!isTold && room.ignored) console.warn(room.ignored);
    isTold = true;
  });
  driver.hub.watch("closed", ({ code }) => {
    stop();
    signal?.removeEventListener("abort", leave);
    if (code === CloseCode.NORMAL) secret?.forget();
    else secret?.keepForReload(); // one who was kicked stays who they are
  });
}
