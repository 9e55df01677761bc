import type { ClientProtocol, ConnectionState } from "./core/client-protocol.js";
import type { Clock } from "./core/clock.js";
import { unheard } from "./core/conditions.js";
import type { Properties } from "./core/properties.js";
import { cut } from "./core/snapshot.js";
import { type Target, numberOf, wireTarget } from "./core/target.js";
import { entryError } from "./errors.js";
import type { Event, EventOf, Player } from "./events.js";
import { type Driver, UNREAD } from "./io/driver.js";
import { encode } from "./protocol/codec.js";
import type { ClientFrame, Limits, PresenceState, RoomOptions } from "./protocol/frames.js";
import { FRAME_IN, WINDOW } from "./protocol/limits.js";
import { pack } from "./protocol/msgpack/payload.js";

/**
 * A player's number, or the player.
 *
 * @inline
 */
type PlayerOrNumber = number | Player;

/**
 * A seat in a room. Made by `connect`, or by `openRoom` for who wants it before it is live.
 *
 * Everything may be called at any time: what cannot be sent yet is sent when it can be.
 */
export class Room implements AsyncIterable<Event> {
  /**
   * Resolves when the room is live for the first time, or holds more than may wait for a program that
   * does not read. If it never is, this rejects with a JoinError, or with RoomClosed if one has left.
   */
  readonly ready: Promise<void>;
  private readonly protocol: ClientProtocol;

  /** @internal */
  constructor(
    private readonly driver: Driver,
    private readonly name: string,
  ) {
    const { hub, protocol } = driver;
    this.protocol = protocol;
    this.ready = new Promise((resolve, reject) => {
      hub.watch("live", () => resolve());
      // Who waits for this must get the room: nobody else can read.
      hub.watch("reconnecting", ({ reason }) => reason === UNREAD && resolve());
      hub.watch("closed", (closed) => reject(entryError(closed)));
    });
    this.ready.catch(() => {}); // who did not ask learns it from the event
  }

  /** The room's code, as the relay writes it. */
  get code(): string {
    return this.protocol.session?.room ?? this.name;
  }

  /** One's own player number; 0 before the relay has given one. */
  get me(): number {
    return this.protocol.seat.player;
  }

  /** Who is in the room, by number. */
  get players(): ReadonlyMap<number, Player> {
    return this.protocol.room.players;
  }

  /** The host's player number; 0 if there is none. */
  get host(): number {
    return this.protocol.room.host;
  }

  /** Whether one is host oneself. */
  get isHost(): boolean {
    return this.me !== 0 && this.host === this.me;
  }

  /** The number of the present host's term. */
  get term(): number {
    return this.protocol.room.term;
  }

  /** What the room remembers. */
  get properties(): Properties {
    return this.protocol.room.properties(0);
  }

  /** What the room remembers of a player. */
  propertiesOf(player: PlayerOrNumber): Properties {
    return this.protocol.room.properties(numberOf(player));
  }

  /** The relay's clock. */
  get clock(): Clock {
    return this.protocol.clock;
  }

  /** What the relay asks one to keep to; null before it has said so. */
  get limits(): Limits | null {
    return this.protocol.session?.limits ?? null;
  }

  /** How the room was made; null before the relay has said so. */
  get options(): RoomOptions | null {
    return this.protocol.session?.options ?? null;
  }

  /**
   * Why the bad network that the address asks for (`?chaos=train-wifi`) is not had, in a sentence.
   * Empty if it is, if none is asked for, and before `live`. The console is told it once.
   */
  get ignored(): string {
    const { options, protocol } = this;
    if (!options || protocol.phase !== "live") return "";
    return unheard(this.driver.url, this.code, options, protocol.isShaped);
  }

  /**
   * From where on one was told the whole past: all that was for everybody and comes after this seq
   * was told, as history or within the snapshot. 0 if nothing is lacking. It is known by `live`, and
   * moves where history is forgotten while it is being told; a resume leaves it as it is.
   */
  get completeFrom(): number {
    return this.protocol.completeFrom;
  }

  /**
   * Where the room stands for this program: all up to this seq is in events that handlers and loops
   * have taken. 0 before `live`, as only then the room is known in full.
   */
  get seq(): number {
    return this.driver.hub.seq(this.protocol.seat.knownSeq);
  }

  /** How the connection is. */
  get state(): ConnectionState {
    return this.protocol.phase;
  }

  /**
   * Calls `handler` for every event of a type. Returns a function that stops it.
   *
   * The first call lets reading begin, in the next macrotask: all handlers that were given by then,
   * in one go, or with nothing but promises that are already settled between them, hear everything
   * from the beginning. Events of a type that has no handler then are passed over. A handler that is
   * given later hears what happens from then on.
   */
  on<T extends Event["type"]>(type: T, handler: (event: EventOf<T>) => void): () => void {
    return this.driver.hub.on(type, handler);
  }

  /**
   * All events, until `closed` was told.
   *
   * Reading begins with the first iteration: the first loop gets everything from the beginning, also
   * if handlers were given in the same go. A loop that begins later, after another one or after
   * handlers have begun to read, gets what happens from then on. Loops do not take from each other.
   * What a loop has not taken yet waits for it: end one that you no longer follow, by `break` or
   * `return()`.
   */
  [Symbol.asyncIterator](): AsyncGenerator<Event, void, void> {
    return this.driver.hub.events();
  }

  /**
   * Sends a value, once and in the room's order; to all others, unless told otherwise.
   *
   * Resolves with the frame's number once it is on its way: at once, unless the relay has yet to
   * acknowledge many. It is sent also if nobody awaits that.
   *
   * @throws LocalProtocolError if the value cannot be packed, or is too big for the relay
   */
  send(value: unknown, { to }: { to?: Target } = {}): Promise<number> {
    return this.sendBytes(pack(value), { to: to ?? null });
  }

  /** Sends bytes as they are; see `send`. */
  sendBytes(payload: Uint8Array, { to }: { to?: Target } = {}): Promise<number> {
    return this.post({ type: "Send", target: wireTarget(to), payload });
  }

  /**
   * Tells the newest value of `key`, 0 to 255: as often as you like, at most 60 a second are sent.
   * Receivers may never see an older one, and get the newest when they join.
   *
   * @throws LocalProtocolError if the value cannot be packed, or is too big for the relay
   */
  volatile(key: number, value: unknown, { to }: { to?: Target } = {}): void {
    this.volatileBytes(key, pack(value), { to: to ?? null });
  }

  /** Tells bytes as they are; see `volatile`. */
  volatileBytes(key: number, payload: Uint8Array, { to }: { to?: Target } = {}): void {
    const target = wireTarget(to);
    const message = encode({ type: "Volatile", key, target, payload });
    this.driver.volatile(JSON.stringify([key, target]), message, target);
  }

  /** Joins groups, 1 to 255: what is sent to `group(n)` reaches those who have joined it. */
  subscribe(...groups: number[]): Promise<number> {
    this.protocol.noteGroups(groups, []);
    return this.post({ type: "Subscribe", add: groups, remove: [] });
  }

  /** Leaves groups. */
  unsubscribe(...groups: number[]): Promise<number> {
    this.protocol.noteGroups([], groups);
    return this.post({ type: "Subscribe", add: [], remove: groups });
  }

  /**
   * Writes a property of the room, or of `player`.
   *
   * With `expected`, only if its version is still that (0: if there is none); the answer is then
   * `propertyChanged` or `refused`.
   */
  setProperty(key: string, value: unknown, where: Where = {}): Promise<number> {
    return this.set(key, pack(value), where);
  }

  /** Deletes a property of the room, or of `player`; `expected` is as for `setProperty`. */
  deleteProperty(key: string, where: Where = {}): Promise<number> {
    return this.set(key, false, where);
  }

  /**
   * Host only: gives the room the game's state for those who join late. They hear
   * `snapshotReceived`, then what was sent to all since. The room must have been made with
   * `history`.
   *
   * The value holds all that happened up to `seq`, and all that this client has sent; without
   * `seq`, up to the last event that the program took, as `room.seq` says. Resolves with the number
   * of its last frame: a snapshot takes one for every `limits.maxFrame`.
   *
   * @throws LocalProtocolError if the value cannot be packed, or is too large (1 MiB at most)
   */
  giveSnapshot(value: unknown, { seq }: { seq?: number } = {}): Promise<number> {
    return this.giveSnapshotBytes(pack(value), { seq: seq ?? this.seq });
  }

  /** Gives bytes as they are; see `giveSnapshot`. */
  giveSnapshotBytes(payload: Uint8Array, { seq }: { seq?: number } = {}): Promise<number> {
    const { maxFrame, window } = this.limits ?? { maxFrame: FRAME_IN, window: WINDOW };
    const sent = cut(seq ?? this.seq, payload, { maxFrame, window }).map((part) =>
      this.post(part),
    );
    return sent.at(-1)!;
  }

  /** Host only: removes a player for the room's life. */
  kick(player: PlayerOrNumber, reason = ""): Promise<number> {
    return this.post({ type: "Kick", player: numberOf(player), reason });
  }

  /** Host only: makes a player who is here the host. */
  transfer(player: PlayerOrNumber): Promise<number> {
    return this.post({ type: "Transfer", player: numberOf(player) });
  }

  /** Tells whether somebody is looking. In a page this happens by itself. */
  presence(state: typeof PresenceState.HERE | typeof PresenceState.AWAY): void {
    this.driver.presence(state);
  }

  /** Looks at once whether the connection lives; if it is lost, comes back without waiting. */
  check(): void {
    this.driver.check();
  }

  /** Loses the connection as a bad network would, to see what a game makes of it. */
  drop(): void {
    this.driver.drop();
  }

  /**
   * Gives the seat up, and takes nothing more to be sent.
   *
   * `closed` follows at once if we are in the room, and the relay has acknowledged all that was sent.
   * If not, it follows as soon as the relay has, and holds no seat for us any more: for that, a lost
   * connection is taken up again. But it follows within 3 seconds, after the event `lost` with all
   * that was not acknowledged.
   */
  leave(): void {
    this.driver.leave();
  }

  private set(key: string, value: Uint8Array | false, where: Where): Promise<number> {
    const { player = 0, expected = false } = where;
    return this.post({ type: "Set", scope: numberOf(player), key, value, expected });
  }

  private post(frame: ClientFrame): Promise<number> {
    return this.driver.post(encode(frame));
  }
}

/** @inline */
interface Where {
  /** Whose property it is; the room's, if it is left out. */
  player?: PlayerOrNumber;
  /** The version that the property must have. */
  expected?: number;
}
