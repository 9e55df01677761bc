// From packets to the bytes of each TCP connection, in their order.

import type { Recorded } from "./captures.js";
import { type End, packetOf } from "./packets.js";

/** Bytes of a connection, in one direction. */
export interface Piece {
  readonly source: End;
  readonly target: End;
  /** Whether a connection begins here. */
  readonly opens: boolean;
  readonly data: Uint8Array;
  readonly at: number;
  /** Whether the capture has missed bytes here, and the rest of this direction is lost. */
  readonly isTorn: boolean;
}

const HALF = 2 ** 31;
const WRAP = 2 ** 32;

/** Segments that wait for one before them. Where more do, the capture has missed it. */
const MOST_EARLY = 256;

const NOTHING = new Uint8Array();

/** The bytes of all connections, as TCP hands them to programs. */
export function* pieces(recorded: Iterable<Recorded>): Generator<Piece> {
  const directions = new Map<string, Direction>();
  for (const each of recorded) {
    const packet = packetOf(each);
    if (!packet) continue;
    const { source, target, syn, ack, at } = packet;
    const piece = { source, target, opens: false, data: NOTHING, at, isTorn: false };
    const first = packet.seq + Number(syn);
    let direction = directions.get(`${source} ${target}`);
    if (syn || !direction) {
      direction = new Direction(piece, first);
      directions.set(`${source} ${target}`, direction);
      if (syn && !ack) yield { ...piece, opens: true };
    }
    direction.last = piece;
    for (const data of direction.take(first, packet.data)) yield { ...piece, data };
  }
  for (const { isTorn, last } of directions.values()) if (isTorn) yield { ...last, isTorn };
}

const modulo = (number: number): number => ((number % WRAP) + WRAP) % WRAP;

/** Puts the segments of one direction into their order, each byte once. */
export class Direction {
  private readonly early = new Map<number, Uint8Array>();

  constructor(
    public last: Piece,
    private next: number,
  ) {}

  /** Whether a segment is missing, as those after it still wait. */
  get isTorn(): boolean {
    return this.early.size > 0;
  }

  /** What comes next: of this segment, and of those that came too early. */
  *take(first: number, data: Uint8Array): Generator<Uint8Array> {
    if (data.length === 0 || this.early.size > MOST_EARLY) return;
    const seq = modulo(first);
    if (data.length > (this.early.get(seq)?.length ?? 0)) this.early.set(seq, data);
    for (let ready = this.ready(); ready !== undefined; ready = this.ready()) {
      const fresh = this.early.get(ready)!.subarray(modulo(this.next - ready));
      this.early.delete(ready);
      this.next = modulo(this.next + fresh.length);
      if (fresh.length > 0) yield fresh;
    }
  }

  /** The number of a segment that begins at the next byte, or before it. */
  private ready(): number | undefined {
    for (const seq of this.early.keys()) if (modulo(this.next - seq) < HALF) return seq;
    return undefined;
  }
}
