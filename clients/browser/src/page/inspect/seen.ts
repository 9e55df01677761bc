// The frames that were seen of a room, and those among them that are asked for.

import { decode as decodeFrame } from "../../protocol/codec.js";
import { unpack } from "../../protocol/msgpack/payload.js";
import { printable } from "../../protocol/printable.js";
import { hexOf } from "../decode/hex.js";
import type { Told } from "./answers.js";

/** Frames that are kept; the oldest go first. */
export const MOST = 20_000;

/** A frame, with its number among all that were seen. */
export interface Seen extends Told {
  readonly id: number;
}

/** Which frames are asked for. Without a condition, all of them. */
export interface Filter {
  readonly op: string;
  readonly from: number | null;
  /** In lower case. */
  readonly text: string;
}

export const ALL: Filter = { op: "", from: null, text: "" };

export class SeenFrames {
  /** Frames that the relay did not show, as it or this page had no time. */
  skipped = 0;
  private all: Seen[] = [];
  private matching: Seen[] = [];
  private filter = ALL;
  private next = 1;
  private held: readonly Seen[] | null = null;
  /** The last frame before the pause. */
  private pausedAt = 0;

  /** What is asked for; while it is paused, as it was then. */
  get shown(): readonly Seen[] {
    return this.held ?? this.matching;
  }

  /** How many are kept, and how many were asked for since the pause. */
  get count(): number {
    return this.all.length;
  }

  get missed(): number {
    if (!this.held) return 0;
    return this.matching.filter(({ id }) => id > this.pausedAt).length;
  }

  get isPaused(): boolean {
    return this.held !== null;
  }

  /** Takes frames in their order; returns them as they are kept. */
  add(frames: readonly Told[], skipped: number): readonly Seen[] {
    this.skipped += skipped;
    const added = frames.map((frame) => ({ ...frame, id: this.next++ }));
    this.all.push(...added);
    this.matching.push(...added.filter((frame) => matches(frame, this.filter)));
    // In larger steps, as each moves all that are kept.
    if (this.all.length > MOST * 1.1) this.all = this.all.slice(-MOST);
    const first = this.all[0]?.id ?? 0;
    if (this.matching[0] && this.matching.length > MOST * 1.1) {
      this.matching = this.matching.filter(({ id }) => id >= first);
    }
    return added;
  }

  ask(filter: Filter): void {
    this.filter = filter;
    this.matching = this.all.filter((frame) => matches(frame, filter));
    if (this.held) this.held = this.matching.filter(({ id }) => id <= this.pausedAt);
  }

  pause(isPaused: boolean): void {
    this.pausedAt = this.next - 1;
    this.held = isPaused ? [...this.matching] : null;
  }

  clear(): void {
    this.all = [];
    this.matching = [];
    if (this.held) this.held = [];
    this.skipped = 0;
  }
}

function matches(frame: Seen, { op, from, text }: Filter): boolean {
  if (op && frame.op !== op) return false;
  if (from !== null && frame.from !== from) return false;
  return !text || summary(frame).toLowerCase().includes(text);
}

const LONGEST = 400;
const summaries = new WeakMap<Told, string>();

/** The bytes of a frame. */
export const bytesOfFrame = ({ data }: Told): Uint8Array =>
  Uint8Array.from(atob(data), (character) => character.charCodeAt(0));

/** What a frame says, in one line. */
export function summary(frame: Told): string {
  let text = summaries.get(frame);
  if (text === undefined) summaries.set(frame, (text = summarized(bytesOfFrame(frame))));
  return text;
}

function summarized(data: Uint8Array): string {
  try {
    const { type: _, ...fields } = decodeFrame(data, "relay") as unknown as Record<string, unknown>;
    const told = Object.entries(fields).filter(([name]) => !TOLD_ELSEWHERE.has(name));
    return told
      .map(([name, value]) => (name === "payload" ? inShort(value) : `${name} ${inShort(value)}`))
      .join(", ")
      .slice(0, LONGEST);
  } catch {
    return hexOf(data.subarray(0, LONGEST / 2), " ");
  }
}

/** Fields that have columns of their own. */
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set(["seq", "sender"]);

function inShort(value: unknown): string {
  return printable(value instanceof Uint8Array ? ofPayload(value) : json(value)).slice(0, LONGEST);
}

function ofPayload(payload: Uint8Array): string {
  try {
    return json(unpack(payload));
  } catch {
    return hexOf(payload.subarray(0, LONGEST / 2), " ");
  }
}

const json = (value: unknown): string =>
  JSON.stringify(value, (_, held: unknown) =>
    held instanceof Uint8Array ? `bytes ${hexOf(held.subarray(0, LONGEST / 2))}` : held,
  ) ?? "";
