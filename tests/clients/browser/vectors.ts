// protocol/vectors/*.json as values; the files' `about` says how they are written.

import { readFileSync } from "node:fs";

/** A message as upper-case hex, with repetitions. */
type Hex = string | readonly (string | { readonly repeat: readonly [string, number] })[];

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

interface Vector {
  readonly note: string;
  readonly hex: Hex;
  readonly by: "client" | "relay";
  readonly frame: string;
  readonly fields: Record<string, Json>;
  readonly value: Json;
  readonly canonical: Hex | boolean | null;
  readonly code: string;
  readonly offset?: number;
  readonly limit?: number;
  readonly packed_by_javascript?: Hex;
}

/** Reads one file; tests run in the repository's root. */
export function vectors(name: string, part = "vectors"): readonly Vector[] {
  return JSON.parse(readFileSync(`protocol/vectors/${name}.json`, "utf8"))[part];
}

export function bytes(hex: Hex): Uint8Array<ArrayBuffer> {
  const parts = typeof hex === "string" ? [hex] : hex;
  const written = parts.map((part) =>
    typeof part === "string" ? part : part.repeat[0].repeat(part.repeat[1]),
  );
  return new Uint8Array(Buffer.from(written.join(""), "hex"));
}

/** What a JSON value of the vectors stands for. */
export function valueOf(json: Json): unknown {
  if (Array.isArray(json)) return json.map(valueOf);
  if (typeof json !== "object" || json === null) return json;
  const marked = json as Record<string, never>;
  if ("hex" in marked) return bytes(marked.hex);
  if ("float" in marked)
    return typeof marked.float === "number" ? marked.float : FLOATS[marked.float];
  if ("repeat" in marked) return Array(marked.repeat[1]).fill(valueOf(marked.repeat[0]));
  if ("nested" in marked) return nested(marked.nested);
  if (Array.isArray(marked["text"])) return text(marked["text"]);
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, valueOf(value)]));
}

const FLOATS: Record<string, number> = { nan: NaN, inf: Infinity, "-inf": -Infinity, "-0": -0 };

const nested = (depth: number): unknown => (depth > 1 ? [nested(depth - 1)] : []);

const text = (parts: readonly (string | { repeat: [string, number] })[]): string =>
  parts
    .map((part) => (typeof part === "string" ? part : part.repeat[0].repeat(part.repeat[1])))
    .join("");
