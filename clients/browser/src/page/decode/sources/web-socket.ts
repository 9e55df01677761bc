// The WebSocket messages within the bytes of TCP connections.

import type { Role } from "../../../protocol/codec.js";
import { joined } from "../hex.js";
import type { End } from "./packets.js";
import type { Kind, Said } from "./said.js";
import type { Piece } from "./streams.js";

const ASKED = "GET ";
const ANSWERED = "HTTP/1.1 101";
const TORN = "the capture has missed bytes here: what this side said after them is not shown";
const BROKEN = "what follows is no WebSocket frame";
const END_OF_HEAD = "\r\n\r\n";

const FINAL = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const OPCODES = [CONTINUATION, TEXT, BINARY, CLOSE, 9, 10];
const LONGEST_CONTROL = 125;
const TWO_BYTES = 126;
const EIGHT_BYTES = 127;

type Found = readonly [data: Uint8Array, kind: Kind];

/** The messages of all connections, in the order in which they were complete. */
export function* messages(pieces: Iterable<Piece>): Generator<Said> {
  const connections = new Map<string, Connection>();
  for (const piece of pieces) {
    const ends = [piece.source, piece.target].sort().join(" ");
    if (piece.opens || !connections.has(ends)) connections.set(ends, new Connection());
    yield* connections.get(ends)!.take(piece);
  }
}

const inBytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Bytes as the characters of the same numbers: HTTP's heads are ASCII. */
const inAscii = (data: Uint8Array): string =>
  Array.from(data, (byte) => String.fromCharCode(byte)).join("");

/** One TCP connection, which may be a WebSocket. */
class Connection {
  private readonly halves = new Map<End, Half>();
  private name = "";
  private path = "";

  *take({ source, target, data, at, isTorn }: Piece): Generator<Said> {
    const half = this.halves.get(source) ?? new Half();
    this.halves.set(source, half);
    const found = half.take(data);
    this.path = half.path || this.path;
    if (isTorn && half.isOpen) found.push([inBytes(TORN), "note"]);
    for (const [message, kind] of found) {
      const ends = half.by === "client" ? [source, target] : [target, source];
      this.name ||= ends.join(" > ");
      const connection = `${this.name} ${this.path}`.trim();
      yield { data: message, by: half.by, kind, at, connection };
    }
  }
}

/** What one side of a connection says. */
class Half {
  by: Role | null = null;
  path = "";
  private held: Uint8Array = new Uint8Array();
  private isOther = false;
  private isOver = false;
  private parts: Uint8Array[] = [];
  /** Of the message whose parts come. */
  private kind: Kind | null = null;

  /** Whether these are WebSocket frames. */
  get isOpen(): boolean {
    return this.by !== null && !this.isOther;
  }

  /** The messages that are complete with these bytes. */
  take(data: Uint8Array): Found[] {
    if (this.isOther || this.isOver) return [];
    this.held = joined([this.held, data]);
    if (this.by === null) this.begin();
    const found: Found[] = [];
    try {
      while (this.isOpen && !this.isOver && this.frame(found));
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      this.isOther = true;
      found.push([inBytes(`${BROKEN}: ${error.message}`), "note"]);
    }
    return found;
  }

  /** Reads what comes before the frames: the upgrade, if the capture has its beginning. */
  private begin(): void {
    const head = inAscii(this.held.subarray(0, ANSWERED.length));
    const isBeginning = ANSWERED.startsWith(head) || ASKED.startsWith(head);
    if (head.length < 2 || (head.length < ANSWERED.length && isBeginning)) return;
    if (head.startsWith(ASKED) || head === ANSWERED) this.upgrade(head.startsWith(ASKED));
    else this.goOn(this.held[0]!, this.held[1]!);
  }

  private upgrade(isAsked: boolean): void {
    const text = inAscii(this.held);
    const end = text.indexOf(END_OF_HEAD);
    if (end < 0) return;
    const lines = text.slice(0, end);
    if (isAsked) {
      this.isOther = !lines.toLowerCase().includes("upgrade: websocket");
      this.path = lines.split(/\s+/, 2)[1] ?? "";
    }
    this.by = isAsked ? "client" : "relay";
    this.held = this.held.subarray(end + END_OF_HEAD.length);
  }

  /** The capture began later than the connection: only clients mask what they send. */
  private goOn(first: number, second: number): void {
    this.isOther = (first & RESERVED) !== 0 || !OPCODES.includes(first & 0x0f);
    this.by = second & MASKED ? "client" : "relay";
  }

  /** Reads a frame. Returns whether there was a whole one. */
  private frame(found: Found[]): boolean {
    const { held } = this;
    if (held.length < 2) return false;
    const [first, second] = [held[0]!, held[1]!];
    this.check(first, second);
    const view = new DataView(held.buffer, held.byteOffset, held.length);
    const length = second & 0x7f;
    const more = length === EIGHT_BYTES ? 8 : length === TWO_BYTES ? 2 : 0;
    const start = 2 + more + (second & MASKED ? 4 : 0);
    if (held.length < start) return false;
    const size =
      more === 8 ? Number(view.getBigUint64(2)) : more === 2 ? view.getUint16(2) : length;
    if (held.length < start + size) return false;
    const mask = held.subarray(2 + more, start);
    const data = held.slice(start, start + size);
    this.held = held.subarray(start + size);
    if (mask.length > 0) for (const index of data.keys()) data[index]! ^= mask[index % 4]!;
    this.gather(first & 0x0f, (first & FINAL) !== 0, data, found);
    return true;
  }

  private check(first: number, second: number): void {
    const opcode = first & 0x0f;
    if (!OPCODES.includes(opcode)) throw new Broken("its opcode is unknown");
    if ((second & MASKED) !== 0 !== (this.by === "client"))
      throw new Broken(this.by === "client" ? "it is not masked" : "it is masked");
    if (first & RESERVED) throw new Broken("its reserved bits are set");
    const isLong = (second & 0x7f) > LONGEST_CONTROL || !(first & FINAL);
    if (opcode >= CLOSE && isLong) throw new Broken("it is a control frame that is long, or a part");
  }

  private gather(opcode: number, isFinal: boolean, data: Uint8Array, found: Found[]): void {
    if (opcode === CLOSE) {
      this.isOver = true;
      found.push([data, "close"]);
    }
    if (opcode >= CLOSE) return;
    const isMore = opcode === CONTINUATION;
    if (isMore !== (this.kind !== null)) throw new Broken("the parts of a message are mixed up");
    this.kind ??= opcode === TEXT ? "text" : "binary";
    this.parts.push(data);
    if (!isFinal) return;
    found.push([joined(this.parts), this.kind]);
    this.parts = [];
    this.kind = null;
  }
}

class Broken extends Error {}
