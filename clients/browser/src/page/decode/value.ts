// A value of the tree as source text of a program.

import { hexOf } from "./hex.js";
import { entries } from "./naming.js";
import type { Node } from "./tree.js";

/** How a language writes values. */
export interface Language {
  /** Within the braces of a map. */
  readonly space: string;
  readonly nil: string;
  readonly yes: string;
  readonly no: string;
  readonly bytes: (hex: string) => string;
  readonly float: (value: number) => string;
  readonly key: (key: string) => string;
}

export const PYTHON: Language = {
  space: "",
  nil: "None",
  yes: "True",
  no: "False",
  bytes: (hex) => `bytes.fromhex("${hex}")`,
  float: (value) => {
    if (Number.isNaN(value)) return 'float("nan")';
    if (!Number.isFinite(value)) return `float("${value > 0 ? "inf" : "-inf"}")`;
    if (Object.is(value, -0)) return "-0.0";
    return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value);
  },
  key: (key) => string(key),
};

export const TYPESCRIPT: Language = {
  space: " ",
  nil: "null",
  yes: "true",
  no: "false",
  bytes: (hex) =>
    `Uint8Array.of(${(hex.match(/../g) ?? []).map((byte) => `0x${byte}`).join(", ")})`,
  float: String,
  key: (key) => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : string(key)),
};

/** Writes a value that is whole. */
export function sourceOf(node: Node, language: Language): string {
  switch (node.kind) {
    case "nil":
      return language.nil;
    case "true":
      return language.yes;
    case "false":
      return language.no;
    case "int":
      return String(node.value);
    case "float":
      return language.float(node.value as number);
    case "array":
      return `[${node.children.map((child) => sourceOf(child, language)).join(", ")}]`;
    case "map": {
      const pairs = [...entries(node)].map(
        ([key, value]) => `${language.key(String(key.value))}: ${sourceOf(value, language)}`,
      );
      return `{${language.space}${pairs.join(", ")}${language.space}}`;
    }
    default:
      return typeof node.value === "string"
        ? string(node.value)
        : language.bytes(hexOf(node.value as Uint8Array));
  }
}

/** A string that both languages read alike: JSON's, with what ends lines written out. */
export const string = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\u00a0\u2028\u2029]/g, escaped);

const escaped = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
