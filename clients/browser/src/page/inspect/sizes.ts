// What the bytes of a room are spent on, and what would make them fewer.

import { decode } from "../decode/decoded.js";
import { entries } from "../decode/naming.js";
import { written } from "../decode/spelling.js";
import type { Node } from "../decode/tree.js";

/** What a byte of a frame can be. */
export const PARTS = {
  frame: "The relay's own part: opcode, seq, sender",
  keys: "Keys of maps",
  texts: "Texts",
  ints: "Whole numbers",
  floats: "Floats",
  bytes: "Bytes, and payloads that are no msgpack",
  others: "Heads of arrays and maps, true, false, nil",
} as const;

export type Part = keyof typeof PARTS;

/** A key that maps have, and what it costs. */
export interface KeyCost {
  readonly key: string;
  count: number;
  bytes: number;
}

/** Keys that are counted; a game that makes keys up would fill the page's memory otherwise. */
const MOST_KEYS = 500;

export class Sizes {
  readonly parts: Record<Part, number> = {
    frame: 0,
    keys: 0,
    texts: 0,
    ints: 0,
    floats: 0,
    bytes: 0,
    others: 0,
  };
  frames = 0;
  total = 0;
  /** Bytes that one-letter keys would save, and whole numbers in place of floats. */
  shortKeysSave = 0;
  roundingSaves = 0;
  private readonly byKey = new Map<string, KeyCost>();

  /** Counts a frame of the relay. */
  add(data: Uint8Array): void {
    this.frames += 1;
    this.total += data.length;
    const { nodes } = decode(data, "relay");
    const before = this.sum();
    for (const field of nodes[0]?.children ?? []) this.addField(field);
    this.parts.frame += data.length - (this.sum() - before);
  }

  /** The keys that cost the most. */
  get keys(): KeyCost[] {
    return [...this.byKey.values()].sort((one, other) => other.bytes - one.bytes);
  }

  share(bytes: number): number {
    return this.total ? bytes / this.total : 0;
  }

  private sum(): number {
    const { frame: _, ...ofPayloads } = this.parts;
    return Object.values(ofPayloads).reduce((all, each) => all + each, 0);
  }

  /** Looks for payloads: in a field, or within an array of them, as a TICK has it. */
  private addField(node: Node): void {
    if (node.kind === "array") node.children.forEach((child) => this.addField(child));
    if (node.kind !== "bin") return;
    const [packed] = node.children;
    if (packed) this.addValue(packed);
    else this.parts.bytes += node.end - node.body;
  }

  private addValue(node: Node): void {
    const { kind, start, body, end, children } = node;
    if (kind === "array" || kind === "map") this.parts.others += body - start;
    else this.parts[partOf(node)] += end - start;
    if (kind === "float") this.roundingSaves += end - start - sizeOfRounded(node);
    if (kind !== "map") return children.forEach((child) => this.addValue(child));
    for (const [key, value] of entries(node)) {
      this.addKey(key);
      this.addValue(value);
    }
  }

  private addKey({ start, end, value }: Node): void {
    const size = end - start;
    this.parts.keys += size;
    this.shortKeysSave += Math.max(0, size - 2);
    const key = String(value);
    const cost = this.byKey.get(key) ?? { key, count: 0, bytes: 0 };
    cost.count += 1;
    cost.bytes += size;
    if (this.byKey.size < MOST_KEYS) this.byKey.set(key, cost);
  }
}

const KINDS: Readonly<Record<string, Part>> = {
  str: "texts",
  int: "ints",
  float: "floats",
  bin: "bytes",
};

const partOf = ({ kind }: Node): Part => KINDS[kind] ?? "others";

function sizeOfRounded({ start, end, value }: Node): number {
  const rounded = Math.round(value as number);
  return Number.isSafeInteger(rounded)
    ? written({ type: "int", value: rounded }).length
    : end - start;
}

/** What is worth saying, in sentences: the largest part first. */
export function advice(sizes: Sizes): string[] {
  const { parts, shortKeysSave, roundingSaves } = sizes;
  const of = (bytes: number): string => percent(sizes.share(bytes));
  const said: [number, string][] = [
    [
      parts.keys,
      `Map keys are ${of(parts.keys)} of this room's bytes. Arrays instead of maps would save ` +
        `${of(parts.keys)}, keys of one letter ${of(shortKeysSave)}.`,
    ],
    [
      roundingSaves,
      `Floats are ${of(parts.floats)} of this room's bytes, 9 bytes each. Whole numbers instead ` +
        `would save ${of(roundingSaves)}: count in hundredths, and round, where that is enough.`,
    ],
    [
      parts.texts,
      `Texts are ${of(parts.texts)} of this room's bytes. A number for each word that comes again ` +
        "and again takes 1 byte.",
    ],
    [
      parts.frame,
      `The relay's own part is ${of(parts.frame)} of this room's bytes: about ` +
        `${Math.round(parts.frame / Math.max(1, sizes.frames))} bytes a frame. Fewer frames with ` +
        "more in each would save most of it.",
    ],
  ];
  const worth = said.filter(([bytes]) => sizes.share(bytes) >= WORTH);
  return worth.sort(([one], [other]) => other - one).map(([, sentence]) => sentence);
}

/** The share of all bytes from which something is worth saying. */
const WORTH = 0.1;

export const percent = (share: number): string => `${Math.round(100 * share)}\u00a0%`;
