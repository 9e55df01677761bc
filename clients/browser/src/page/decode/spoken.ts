// What a text, a close or a note says: what is no binary message, as `relay decode` prints it.

import { CloseCode } from "../../protocol/close-codes.js";
import { printable } from "../../protocol/printable.js";
import type { Said } from "./sources/said.js";

export function spoken({ data, by, kind }: Said): string {
  const words = printable(new TextDecoder().decode(data));
  if (kind === "text") return `${by} a text message, which is refused (SPEC 2.5): ${words}`;
  return [by, kind === "close" ? close(data) : words].filter(Boolean).join(" ");
}

/** A close frame in words: its code, and the code's name or reason. */
function close(data: Uint8Array): string {
  if (data.length < 2) return "close without a code";
  const code = (data[0]! << 8) | data[1]!;
  const name = Object.entries(CloseCode).find(([, number]) => number === code)?.[0] ?? "";
  const reason = printable(new TextDecoder().decode(data.subarray(2)));
  const isTold = reason !== "" && reason !== name.toLowerCase();
  return ["close", code, name, isTold && `"${reason}"`].filter(Boolean).join(" ");
}
