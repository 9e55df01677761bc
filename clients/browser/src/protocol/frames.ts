// Every frame of the wire; protocol/SPEC.md section 4 is the same list in words.
//
// A request and the fact that follows share a stem: `Presence` asks, `PresenceChanged` tells.
// Fields stand in the order of the wire. Player 0 is the relay, or nobody.

import {
  type Dumped,
  type FieldType,
  type Loaded,
  binary,
  either,
  flag,
  integer,
  mapped,
  orFalse,
  pair,
  saying,
  several,
  target,
  text,
  word,
} from "./fields/field-types.js";
import { ErrorCode } from "./error-codes.js";
import * as limits from "./limits.js";
import { Opcode } from "./opcodes.js";
import { byDefault, optional, record, required } from "./fields/records.js";

/** How a player is in the room. A client may say HERE and AWAY only. */
export const PresenceState = { HERE: 0, AWAY: 1, LOST: 2, LAGGING: 3 } as const;

/** Why a player is no longer in the room. */
export const LeftReason = { LEFT: 1, EXPIRED: 2, GONE: 3, KICKED: 4 } as const;

/** What the relay wants a client to know, beyond the room's order. */
export const NoticeKind = {
  THROTTLE: 1,
  LAG: 2,
  DRAIN: 3,
  TRIMMED: 4,
  MEMORY: 5,
  STALLED: 6,
  GOES_ON: 7,
  OPERATOR: 8,
  SHAPED: 9,
} as const;

/** A number that only grows: seq, term, tick, version, microseconds. */
const count = integer(0, limits.MAX_INT);
const player = integer(1, limits.MAX_PLAYER);
const playerOrNone = integer(0, limits.MAX_PLAYER);
const payload = saying(binary(0, limits.FRAME_IN_MAX), "payload");
const name = text(0, limits.MAX_NAME);
const secret = text(0, limits.MAX_SECRET);
const word64 = text(1, limits.MAX_WORD);
const key = integer(0, limits.MAX_KEY);
const groups = several(integer(1, limits.MAX_GROUP), limits.MAX_GROUP);
const epoch = binary(limits.EPOCH_BYTES, limits.EPOCH_BYTES);
const detailText = text(0, 1024);

// Records: the maps inside frames.

/** A record of which every key is absent. */
const NOTHING: ReadonlyMap<string, unknown> = new Map();

/** How a room is made. */
const roomOptions = record({
  title: byDefault(name, ""),
  capacity: byDefault(integer(1, limits.MAX_CAPACITY), 64),
  spectators: byDefault(integer(0, limits.MAX_CAPACITY), 64),
  public: byDefault(flag, true),
  locked: byDefault(flag, false),
  password: byDefault(secret, ""),
  hold: byDefault(integer(0, limits.MAX_HOLD), 30),
  keep: byDefault(integer(0, limits.MAX_KEEP), 30),
  history: byDefault(word("none", "snapshot", "full"), "none"),
  write: byDefault(word("all", "host"), "all"),
  hostKeys: byDefault(several(text(1, limits.MAX_WORD), limits.MAX_HOST_KEYS), []),
  delay: byDefault(integer(0, limits.MAX_HOLD), 0),
  hostAway: byDefault(integer(0, limits.MAX_HOLD), 0),
  bar: byDefault(word("seat", "address"), "seat"),
  chaos: byDefault(flag, false),
  app: byDefault(name, ""),
  build: byDefault(name, ""),
  tags: byDefault(mapped(text(0, limits.MAX_WORD), limits.MAX_TAGS), {}),
});

/** What a client may say when it enters. */
const helloOptions = record({
  seat: optional(binary(limits.SEAT_BYTES, limits.SEAT_BYTES)),
  position: optional(pair(epoch, count)),
  name: byDefault(name, ""),
  role: byDefault(word("player", "spectator"), "player"),
  min: optional(integer(1, limits.MAX_INT)),
  app: byDefault(name, ""),
  build: byDefault(name, ""),
  ticket: byDefault(text(0, limits.MAX_TICKET), ""),
  password: byDefault(secret, ""),
  create: byDefault(either(flag, roomOptions), true),
  maxFrame: byDefault(integer(256, limits.MAX_INT), limits.FRAME_OUT),
  canHost: byDefault(flag, true),
});

/** What the relay asks a client to keep to. */
const relayLimits = record({
  maxFrame: byDefault(integer(256, limits.FRAME_IN_MAX), limits.FRAME_IN),
  window: byDefault(integer(1, 65536), limits.WINDOW),
  framesPerSecond: byDefault(count, 120),
  bytesPerSecond: byDefault(count, 256 * 1024),
  historyFrames: byDefault(count, limits.HISTORY_FRAMES),
  historyBytes: byDefault(count, limits.HISTORY_BYTES),
});

/** What WELCOME says of the connection that begins. */
const session = record({
  epoch: required(epoch),
  room: required(word64),
  taken: byDefault(count, 0),
  resumed: byDefault(flag, false),
  time: byDefault(count, 0),
  limits: byDefault(relayLimits, relayLimits.load(NOTHING)),
  options: byDefault(roomOptions, roomOptions.load(NOTHING)),
  ignored: byDefault(several(text(0, limits.MAX_WORD), limits.MAX_IGNORED), []),
  completeFrom: byDefault(count, 0),
});

/** What the room is told of a player. */
const playerInfo = record({
  name: byDefault(name, ""),
  role: byDefault(word("player", "spectator"), "player"),
  canHost: byDefault(flag, true),
});

/** Where and why something was refused, as far as it is known. */
const errorDetail = record({
  frame: optional(count),
  op: optional(saying(integer(0, 127), { numbers: Opcode })),
  offset: optional(count),
  expected: optional(detailText),
  got: optional(detailText),
  limit: optional(integer(-limits.MAX_INT, limits.MAX_INT)),
  retry: optional(flag),
  after: optional(count),
});

/** More about a notice, by its kind. */
const noticeDetail = record({
  limit: optional(count),
  dropped: optional(count),
  after: optional(count),
  seq: optional(count),
  said: optional(detailText),
});

/** What a room may be made with, and what HELLO may say, by the names of these records' keys. */
export const ROOM_OPTIONS = Object.keys(roomOptions.load(NOTHING));
export const HELLO_OPTIONS = Object.keys(helloOptions.load(NOTHING));

/** How a room is made; SPEC section 5 says what each option means. */
export interface RoomOptions extends Dumped<typeof roomOptions> {}

/** What a client may say when it enters. */
export interface HelloOptions extends Dumped<typeof helloOptions> {
  readonly create?: boolean | RoomOptions | undefined;
}

/** What the relay asks a client to keep to. */
export interface Limits extends Loaded<typeof relayLimits> {}

export type Session = Loaded<typeof session>;

/** Where and why something was refused, as far as it is known. */
export interface ErrorDetail extends Loaded<typeof errorDetail> {}

/** More about a notice, by its kind. */
export interface NoticeDetail extends Loaded<typeof noticeDetail> {}

/** Frames that a client may send. */
export const CLIENT_FRAMES = {
  Hello: {
    opcode: Opcode.HELLO,
    fields: { version: integer(1, limits.MAX_INT), options: helloOptions },
  },
  Ping: { opcode: Opcode.PING, fields: { t: count } },
  Ack: { opcode: Opcode.ACK, fields: { seq: count } },
  Leave: { opcode: Opcode.LEAVE, fields: {} },
  Send: { opcode: Opcode.SEND, fields: { target, payload } },
  Volatile: { opcode: Opcode.VOLATILE, fields: { key, target, payload } },
  Subscribe: { opcode: Opcode.SUBSCRIBE, fields: { add: groups, remove: groups } },
  Presence: {
    opcode: Opcode.PRESENCE,
    fields: {
      state: saying(integer(PresenceState.HERE, PresenceState.AWAY), { numbers: PresenceState }),
    },
  },
  Kick: { opcode: Opcode.KICK, fields: { player, reason: text(0, limits.MAX_REASON) } },
  Transfer: { opcode: Opcode.TRANSFER, fields: { player } },
  Set: {
    opcode: Opcode.SET,
    fields: { scope: playerOrNone, key: word64, value: orFalse(payload), expected: orFalse(count) },
  },
  Snapshot: {
    opcode: Opcode.SNAPSHOT,
    fields: { seq: count, part: count, parts: integer(1, limits.MAX_INT), payload },
  },
  Input: { opcode: Opcode.INPUT, fields: { tick: count, payload } },
  Hash: { opcode: Opcode.HASH, fields: { tick: count, hash: binary(1, 64) } },
  Ready: { opcode: Opcode.READY, fields: { ready: flag } },
} as const satisfies Declarations;

/** Frames that a relay may send. */
export const RELAY_FRAMES = {
  Welcome: { opcode: Opcode.WELCOME, fields: { version: count, player, seq: count, session } },
  Error: {
    opcode: Opcode.ERROR,
    fields: {
      seq: count,
      code: saying(count, { numbers: ErrorCode }),
      text: detailText,
      detail: errorDetail,
    },
  },
  Notice: {
    opcode: Opcode.NOTICE,
    fields: { kind: saying(count, { numbers: NoticeKind }), detail: noticeDetail },
  },
  Pong: {
    opcode: Opcode.PONG,
    fields: { t: count, received: count, sent: count, taken: count, seq: count },
  },
  Taken: { opcode: Opcode.ACK, fields: { taken: count, seq: count } },
  Live: { opcode: Opcode.LIVE, fields: { seq: count } },
  Deliver: { opcode: Opcode.DELIVER, fields: { seq: count, sender: playerOrNone, payload } },
  Update: { opcode: Opcode.UPDATE, fields: { key, sender: playerOrNone, payload } },
  Joined: { opcode: Opcode.JOINED, fields: { seq: count, player, info: playerInfo } },
  Left: {
    opcode: Opcode.LEFT,
    fields: { seq: count, player, reason: saying(count, { numbers: LeftReason }) },
  },
  PresenceChanged: {
    opcode: Opcode.PRESENCE,
    fields: { seq: count, player, state: saying(count, { numbers: PresenceState }) },
  },
  Host: { opcode: Opcode.HOST, fields: { seq: count, player: playerOrNone, term: count } },
  Property: {
    opcode: Opcode.PROPERTY,
    fields: {
      seq: count,
      scope: playerOrNone,
      key: word64,
      value: orFalse(payload),
      version: count,
      by: playerOrNone,
    },
  },
  Snapshot: CLIENT_FRAMES.Snapshot,
  SnapshotWanted: { opcode: Opcode.SNAPSHOT_WANTED, fields: { seq: count } },
  Tick: {
    opcode: Opcode.TICK,
    fields: {
      seq: count,
      tick: count,
      inputs: several(pair(player, payload), limits.MAX_CAPACITY),
    },
  },
  Desync: {
    opcode: Opcode.DESYNC,
    fields: {
      seq: count,
      tick: count,
      majority: binary(0, 64),
      players: several(player, limits.MAX_CAPACITY),
    },
  },
  Start: { opcode: Opcode.START, fields: { seq: count, at: count } },
} as const satisfies Declarations;

/** A frame of an opcode that this side does not know. Clients ignore it. */
export interface Unknown {
  readonly type: "Unknown";
  readonly opcode: number;
}

/** A frame that a client may send. */
export type ClientFrame = {
  [N in keyof typeof CLIENT_FRAMES]: Outgoing<N, (typeof CLIENT_FRAMES)[N]>;
}[keyof typeof CLIENT_FRAMES];
/** A frame that a relay may send. */
export type RelayFrame =
  | {
      [N in keyof typeof RELAY_FRAMES]: Incoming<N, (typeof RELAY_FRAMES)[N]>;
    }[keyof typeof RELAY_FRAMES]
  | Unknown;

/** The frame of one name among those that a relay sends. */
export type FrameOf<N extends RelayFrame["type"]> = Extract<RelayFrame, { type: N }>;

export interface Declaration {
  readonly opcode: number;
  readonly fields: Readonly<Record<string, FieldType<unknown, unknown>>>;
}

export type Declarations = Readonly<Record<string, Declaration>>;

type Incoming<N, D extends Declaration> = { readonly type: N } & {
  readonly [F in keyof D["fields"]]: Loaded<D["fields"][F]>;
};

type Outgoing<N, D extends Declaration> = { readonly type: N } & {
  readonly [F in keyof D["fields"]]: Dumped<D["fields"][F]>;
};
