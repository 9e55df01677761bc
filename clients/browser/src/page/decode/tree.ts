// Any bytes as a tree of msgpack values, as far as they are legible. clients/decode/tree.py in
// Python, step for step.

import { MAX_DEPTH, MAX_NODES } from "../../protocol/limits.js";
import {
  ARRAY,
  BIN,
  FORBIDDEN,
  MAP,
  STR,
  WHAT,
  WIDTH,
  lengthAt,
} from "../../protocol/msgpack/heads.js";
import { validTextAt } from "../../protocol/msgpack/text.js";

/** The kind of bytes that nothing was read from: what lies behind damage. */
export const REST = "rest";

export type Kind =
  "nil" | "false" | "true" | "int" | "float" | "str" | "bin" | "array" | "map" | typeof REST;

/** One value of a message, or a key: `start..body` is its head, `body..end` what follows. */
export interface Node {
  readonly kind: Kind;
  readonly start: number;
  readonly body: number;
  end: number;
  /** Of an int, float, str or bin. A str that is no UTF-8 is held as its bytes. */
  value: number | bigint | string | Uint8Array | null;
  /** The length in the head. Damaged bytes may hold less. */
  readonly claims: number;
  /** Of a container, in the order of the wire; of a payload that is msgpack, its one value. */
  children: Node[];
  name: string;
  isKey: boolean;
  /** What a number or a target stands for. */
  means: string;
  /** What is odd about it, and no error. */
  note: string;
}

/** Returns the value that begins at `start`, if one does, and what is left after it. */
export function read(data: Uint8Array, start = 0, end = data.length): Node[] {
  const reading = new Reading(data, start, end);
  const root = reading.value(0);
  const nodes = root ? [root] : [];
  if (reading.at < end) {
    const rest = node(REST, reading.at, reading.at, end);
    rest.value = data.slice(reading.at, end);
    nodes.push(rest);
  }
  return nodes;
}

/** Bytes that are read value by value, until they make no sense any more. */
class Reading {
  private left = MAX_NODES;
  private hasStopped = false;
  private readonly view: DataView;

  constructor(
    private readonly data: Uint8Array,
    public at: number,
    private readonly end: number,
  ) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  /** Reads a value within so many containers; null where nothing legible follows. */
  value(depth: number): Node | null {
    const start = this.at;
    if (start >= this.end || this.left === 0) return this.stop();
    const head = this.data[start]!;
    const body = start + 1 + WIDTH[head]!;
    const kind = kindOf(head);
    if (kind === null || body > this.end) return this.stop();
    this.left -= 1;
    this.at = body;
    const hasLength = kind === "str" || kind === "bin" || kind === "array" || kind === "map";
    const made = node(kind, start, body, body, hasLength ? lengthAt(this.data, start) : 0);
    if (kind === "array" || kind === "map") this.fill(made, depth);
    else if (hasLength) this.take(made);
    else if (kind === "int") made.value = this.integer(head, start + 1);
    else if (kind === "float") made.value = this.float(body - start - 1, start + 1);
    return made;
  }

  private stop(): null {
    this.hasStopped = true;
    return null;
  }

  private take(made: Node): void {
    made.end = this.at = Math.min(made.body + made.claims, this.end);
    this.hasStopped = made.end < made.body + made.claims;
    const held = this.data.slice(made.body, made.end);
    made.value = made.kind === "str" ? (validTextAt(held, 0, held.length) ?? held) : held;
  }

  private fill(made: Node, depth: number): void {
    if (depth >= MAX_DEPTH) return void this.stop();
    const many = made.claims * (made.kind === "map" ? 2 : 1);
    while (made.children.length < many && !this.hasStopped) {
      const child = this.value(depth + 1);
      if (!child) break;
      child.isKey = made.kind === "map" && made.children.length % 2 === 0;
      made.children.push(child);
    }
    made.end = this.at;
  }

  private integer(head: number, at: number): number | bigint {
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    const width = WIDTH[head]!;
    const raw = width === 8 ? this.view.getBigUint64(at) : BigInt(lengthAt(this.data, at - 1));
    const number = head >= 0xd0 ? BigInt.asIntN(8 * width, raw) : raw;
    return Number.isSafeInteger(Number(number)) ? Number(number) : number;
  }

  private float(width: number, at: number): number {
    return width === 4 ? this.view.getFloat32(at) : this.view.getFloat64(at);
  }
}

function node(kind: Kind, start: number, body: number, end: number, claims = 0): Node {
  const words = { name: "", isKey: false, means: "", note: "" };
  return { kind, start, body, end, value: null, claims, children: [], ...words };
}

const CONTAINERS: Readonly<Record<number, Kind>> = {
  [STR]: "str",
  [BIN]: "bin",
  [ARRAY]: "array",
  [MAP]: "map",
};

const CONSTANTS: Readonly<Record<number, Kind>> = { 0xc0: "nil", 0xc2: "false", 0xc3: "true" };

/** What a head byte begins; null where it begins nothing. */
function kindOf(head: number): Kind | null {
  const what = WHAT[head]!;
  if (what === FORBIDDEN) return null;
  const isFloat = head === 0xca || head === 0xcb;
  return CONTAINERS[what] ?? CONSTANTS[head] ?? (isFloat ? "float" : "int");
}

/** Whether a value has all that its head claims. */
export function isWhole({ kind, body, end, claims, children }: Node): boolean {
  if (kind === "str" || kind === "bin") return end - body === claims;
  if (kind === "array") return children.length === claims;
  return kind !== "map" || children.length === 2 * claims;
}

/** The innermost value that has this byte, with those around it, from the outermost on. */
export function wayTo(nodes: readonly Node[], at: number): Node[] {
  const found = nodes.find(({ start, end }) => start <= at && at < end);
  return found ? [found, ...wayTo(found.children, at)] : [];
}
