// What the operator's REST and its stream say, as far as the inspector shows it.

import type { ListedRoom } from "../../lobby.js";

/** A room, as everybody may know it. */
export interface RoomInfo extends Omit<ListedRoom, "url" | "code" | "build" | "tags" | "created"> {
  readonly room: string;
}

/** A player, as the relay knows them. What only a connection has is null without one. */
export interface PlayerOverview {
  readonly player: number;
  readonly name: string;
  readonly role: string;
  readonly presence: string;
  readonly groups: readonly number[];
  readonly taken: number;
  readonly node?: string | null;
  readonly address?: string | null;
  readonly link?: string | null;
  readonly rtt_ms?: number | null;
  readonly unanswered_ms?: number;
  readonly silent_ms?: number;
  readonly joined_s?: number | null;
  readonly outbox?: {
    readonly mode: string;
    readonly frames: number;
    readonly bytes: number;
  } | null;
  readonly behind?: number;
  readonly blocked_ms?: number;
  readonly throttled_ms?: number;
  readonly refusals?: readonly Refusal[];
  /** Left out in a stream. */
  readonly refused_frames?: readonly RefusedFrame[];
  readonly conditions?: Pick<Shape, "down" | "up" | "seed"> | null;
}

/** A ping without an answer for so long is no slow way: somebody does not answer. */
const SILENT_MS = 1000;

/** Milliseconds since a player was heard who answers nothing; 0 for those who answer in time. */
export function silence({
  unanswered_ms: asked = 0,
  silent_ms: silent = 0,
}: PlayerOverview): number {
  const ms = Math.max(asked, silent);
  return ms >= SILENT_MS ? ms : 0;
}

export interface Refusal {
  readonly at: number;
  readonly code: string;
  readonly op: string | null;
  readonly text: string;
  /** Which of their counted frames it was. */
  readonly frame?: number | null;
}

export interface RefusedFrame extends Refusal {
  /** Of the byte that is wrong, in a message that is malformed. */
  readonly offset: number | null;
  readonly expected: string | null;
  readonly got: string | null;
  /** The section of SPEC that forbids it. */
  readonly rule?: string | null;
  /** Its first bytes, in base64. */
  readonly data: string;
  /** How many it had. */
  readonly size: number;
}

/** What somebody was refused who is not in the room. */
export interface Rejected extends RefusedFrame {
  readonly attachment: number;
}

export interface Property {
  readonly owner: number;
  readonly key: string;
  readonly version: number;
  /** In base64; null where it is too long to be told. */
  readonly data: string | null;
}

/** A frame that the room told. */
export interface Told {
  /** The relay's clock, in microseconds. */
  readonly at: number;
  /** Null for a volatile value. */
  readonly seq: number | null;
  readonly op: string;
  readonly from: number | null;
  readonly to: "all" | "others" | readonly number[];
  /** Which group they are, if that is known. */
  readonly group?: number;
  readonly size: number;
  /** The frame's bytes in base64. */
  readonly data: string;
}

/** How a room stands. */
export interface Standing {
  readonly room: RoomInfo;
  readonly seq: number;
  readonly epoch: string;
  readonly host: number;
  readonly term: number;
  readonly properties: readonly Property[];
  readonly history: {
    readonly mode: string;
    readonly frames: number;
    readonly bytes: number;
    readonly first: number;
  };
  readonly groups: Readonly<Record<string, unknown>>;
}

/** Frames and bytes, by opcode. */
export type Counts = Readonly<Record<string, readonly [frames: number, bytes: number]>>;

/** A line of the stream. */
export type Line =
  | ({ readonly type: "room" } & Standing)
  | { readonly type: "players"; readonly players: readonly PlayerOverview[] }
  | { readonly type: "frames"; readonly frames: readonly Told[]; readonly skipped: number }
  | { readonly type: "rates"; readonly seconds: number; readonly frames: Counts }
  | { readonly type: "end"; readonly why: string };

export interface Reason {
  readonly reason: string;
  readonly what: string;
  readonly do: string;
}

/** Why a player may see nothing, or late. */
export interface Explanation {
  readonly is_there: boolean;
  readonly reasons: readonly Reason[];
  readonly overview: PlayerOverview | null;
  /** Over earlier connections of theirs. */
  readonly rejected?: readonly Rejected[];
}

/** Who did not get in, or was cut off. */
export interface Outside {
  readonly reasons: readonly Reason[];
  readonly rejected: readonly Rejected[];
}

/** What becomes of the frames of one direction. */
export type Way = Readonly<Record<string, number | boolean | string>>;

export interface Shape {
  /** Null for everybody who has none of their own. */
  readonly player: number | null;
  readonly down: Way | null;
  readonly up: Way | null;
  readonly seed: number;
  readonly text: string;
}

export interface RoomConditions {
  readonly shapes: readonly Shape[];
  readonly profiles: Readonly<Record<string, Way>>;
}
