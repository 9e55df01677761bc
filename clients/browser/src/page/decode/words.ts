// What a value of the tree is, in words, as `relay decode` prints it.

import { printable } from "../../protocol/printable.js";
import type { Decoded } from "./decoded.js";
import { isIgnored } from "./decoded.js";
import { type Node, REST, isWhole } from "./tree.js";

const LONGEST_TEXT = 200;
/** Bytes of a bin that may be shown as text. */
const SHORT = 24;

/** Who says what, in one line. */
export function title(message: Decoded): string {
  const guessed = message.isGuessed ? ", by a guess" : "";
  const ignored = isIgnored(message) ? "; clients ignore it" : "";
  const fault = message.fault ? `, ${message.fault.code}` : "";
  const size = counted(message.data.length, "byte");
  return `${message.by} ${message.name}, ${size}${guessed}${fault}${ignored}`;
}

/** A value without its name: `"hi"`, `map of 2`. */
export function plain(node: Node): string {
  const { kind, body, end, value, claims } = node;
  const missing = isWhole(node) ? "" : `, of which ${end - body} are there`;
  switch (kind) {
    case "int":
    case "float":
      return String(value);
    case "str":
      if (typeof value === "string" && !missing) return quoted(value);
      return `str of ${claims}${missing || ", no UTF-8"}`;
    case "bin":
      return `bin of ${claims}${missing}${seen(node)}`;
    case "array":
    case "map":
      return `${kind} of ${claims}`;
    case REST:
      return `${counted(end - body, "byte")} not read`;
    default:
      return kind;
  }
}

/** What a short bin looks like as text, if it does. */
function seen({ value, children }: Node): string {
  if (!(value instanceof Uint8Array) || children.length > 0) return "";
  const isShown = value.length > 0 && value.length <= SHORT && value.every(isPrintable);
  return isShown ? ` "${String.fromCharCode(...value)}"` : "";
}

const isPrintable = (byte: number): boolean => byte >= 0x20 && byte < 0x7f;

/** A byte as the text that it may be. */
export const characterOf = (byte: number): string =>
  isPrintable(byte) ? String.fromCharCode(byte) : "·";

function quoted(text: string): string {
  const cut = text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`;
  return `"${printable(cut)}"`;
}

export const counted = (number: number, thing: string): string =>
  `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;
