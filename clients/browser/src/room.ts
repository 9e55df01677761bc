import { half, roomBound } from "./core/room-bound.js";
import type { Clock } from "./core/clock.js";
import { encode } from "./protocol/codec.js";
import { ErrorCode } from "./protocol/error-codes.js";
import { LocalProtocolError } from "./protocol/errors.js";
import { EventHub } from "./io/event-hub.js";
import type { Closed, Event, EventOf, Player } from "./events.js";
import {
  type ClientFrame,
  type HelloOptions,
  type Limits,
  PresenceState,
  type RoomOptions,
} from "./protocol/frames.js";
import { type ConnectionState, Keeper, UNREAD } from "./io/driver.js";
import { FRAME_IN, WINDOW } from "./protocol/limits.js";
import { pack } from "./protocol/payload.js";
import type { Properties } from "./core/properties.js";
import { RoomClosed } from "./room-closed.js";
import { cut } from "./core/snapshot.js";
import { type Target, numberOf, wireTarget } from "./core/target.js";
import type { World } from "./io/world.js";

/** A player's number, or the player. */
type PlayerOrNumber = number | Player;

/** What goes with a room that `openRoom` makes. */
export interface Companion {
  /** The seat's secret, where it is to be found out first whose it is. */
  readonly confirmed: Promise<Uint8Array<ArrayBuffer>> | null;
  /** Told at once, whether anybody reads or not. */
  closed(event: Closed): void;
}

/**
 * A seat in a room. Made by `connect`, or by `openRoom` for who wants it before it is live.
 *
 * Everything may be called at any time: what cannot be sent yet is sent when it can be.
 */
export class Room implements AsyncIterable<Event> {
  /**
   * Resolves when the room is live for the first time, or holds more than may wait for a program that
   * does not read; rejects with RoomClosed if it never is.
   */
  readonly ready: Promise<void>;
  private readonly hub = new EventHub(() => this.wasRead());
  private readonly keeper: Keeper;

  constructor(
    url: string,
    private readonly name: string,
    options: HelloOptions,
    world: World,
    companion: Partial<Companion> = {},
  ) {
    this.keeper = new Keeper(url, options, world, {
      begins: () => this.hub.begin(),
      hears: (event) => this.hub.emit(event, this.keeper.seat.knownSeq),
      isBehind: () => this.isBehind(),
    });
    this.ready = new Promise((resolve, reject) => {
      this.hub.watch("live", () => resolve());
      // Who waits for this must get the room: nobody else can read.
      this.hub.watch("reconnecting", ({ reason }) => reason === UNREAD && resolve());
      this.hub.watch("closed", (closed) => reject(new RoomClosed(closed)));
    });
    this.ready.catch(() => {}); // who did not ask learns it from the event
    this.hub.watch("closed", (closed) => companion.closed?.(closed));
    this.keeper.begin(companion.confirmed ?? null);
  }

  /** The room's code, as the relay writes it. */
  get code(): string {
    return this.keeper.session?.room ?? this.name;
  }

  /** One's own player number; 0 before the relay has given one. */
  get me(): number {
    return this.keeper.seat.player;
  }

  /** Who is in the room, by number. */
  get players(): ReadonlyMap<number, Player> {
    return this.keeper.room.players;
  }

  /** The host's player number; 0 if there is none. */
  get host(): number {
    return this.keeper.room.host;
  }

  /** Whether one is host oneself. */
  get isHost(): boolean {
    return this.me !== 0 && this.host === this.me;
  }

  /** The number of the present host's term. */
  get term(): number {
    return this.keeper.room.term;
  }

  /** What the room remembers. */
  get properties(): Properties {
    return this.keeper.room.properties(0);
  }

  /** What the room remembers of a player. */
  propertiesOf(player: PlayerOrNumber): Properties {
    return this.keeper.room.properties(numberOf(player));
  }

  /** The relay's clock. */
  get clock(): Clock {
    return this.keeper.clock;
  }

  /** What the relay asks one to keep to; null before it has said so. */
  get limits(): Limits | null {
    return this.keeper.session?.limits ?? null;
  }

  /** How the room was made; null before the relay has said so. */
  get options(): RoomOptions | null {
    return this.keeper.session?.options ?? null;
  }

  /**
   * From where on one was told the whole past: all that was for everybody and comes after this seq
   * was told, as history or within the snapshot. 0 if nothing is lacking. It is known by `live`, and
   * moves where history is forgotten while it is being told; a resume leaves it as it is.
   */
  get completeFrom(): number {
    return this.keeper.completeFrom;
  }

  /**
   * Where the room stands for this program: all up to this seq is in events that handlers and loops
   * have taken. 0 before `live`, as only then the room is known in full.
   */
  get seq(): number {
    return this.hub.seq(this.keeper.seat.knownSeq);
  }

  get state(): ConnectionState {
    return this.keeper.state;
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
    return this.hub.on(type, handler);
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
    return this.hub.events();
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
    return this.counted({ type: "Send", target: wireTarget(to), payload });
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
    const isPersonal = Array.isArray(target) || (typeof target === "number" && target > 0);
    const message = this.encode({ type: "Volatile", key, target, payload });
    this.keeper.outgoing.volatile(JSON.stringify([key, target]), message, isPersonal);
  }

  /** Joins groups, 1 to 255: what is sent to `group(n)` reaches those who have joined it. */
  subscribe(...groups: number[]): Promise<number> {
    for (const group of groups) this.keeper.groups.add(group);
    return this.counted({ type: "Subscribe", add: groups, remove: [] });
  }

  unsubscribe(...groups: number[]): Promise<number> {
    for (const group of groups) this.keeper.groups.delete(group);
    return this.counted({ type: "Subscribe", add: [], remove: groups });
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
      this.counted(part),
    );
    return sent.at(-1)!;
  }

  /** Host only: removes a player for the room's life. */
  kick(player: PlayerOrNumber, reason = ""): Promise<number> {
    return this.counted({ type: "Kick", player: numberOf(player), reason });
  }

  /** Host only: makes a player who is here the host. */
  transfer(player: PlayerOrNumber): Promise<number> {
    return this.counted({ type: "Transfer", player: numberOf(player) });
  }

  /** Tells whether somebody is looking. In a page this happens by itself. */
  presence(state: typeof PresenceState.HERE | typeof PresenceState.AWAY): void {
    this.keeper.setPresence(state);
  }

  /** Looks at once whether the connection lives; if it is lost, comes back without waiting. */
  check(): void {
    this.keeper.check();
  }

  /** Loses the connection as a bad network would, to see what a game makes of it. */
  drop(): void {
    this.keeper.drop();
  }

  /**
   * Gives the seat up, and takes nothing more to be sent.
   *
   * `closed` follows at once if the relay has acknowledged all that was sent. If not, it follows as
   * soon as the relay has, for which a lost connection is taken up again; but within 3 seconds, and
   * then after the event `lost` with all that was not acknowledged.
   */
  leave(): void {
    this.keeper.leave();
  }

  private isBehind(): boolean {
    const { session } = this.keeper;
    return session !== null && this.hub.isBeyond(roomBound(session, this.players.size));
  }

  private wasRead(): void {
    const { session, isUnread } = this.keeper;
    if (!isUnread || !session) return;
    if (!this.hub.isBeyond(half(roomBound(session, this.players.size)))) this.keeper.comeBack();
  }

  private set(key: string, value: Uint8Array | false, where: Where): Promise<number> {
    const { player = 0, expected = false } = where;
    return this.counted({ type: "Set", scope: numberOf(player), key, value, expected });
  }

  private counted(frame: ClientFrame): Promise<number> {
    return this.keeper.outgoing.counted(this.encode(frame));
  }

  private encode(frame: ClientFrame): Uint8Array<ArrayBuffer> {
    const message = encode(frame);
    const limit = this.limits?.maxFrame ?? Infinity;
    if (message.length <= limit) return message;
    throw new LocalProtocolError(ErrorCode.TOO_BIG, "the message is bigger than the relay takes", {
      got: `${message.length} bytes`,
      limit,
    });
  }
}

interface Where {
  /** Whose property it is; the room's, if it is left out. */
  player?: PlayerOrNumber;
  /** The version that the property must have. */
  expected?: number;
}
