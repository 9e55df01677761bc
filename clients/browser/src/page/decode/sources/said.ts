// What is found in a source: a message, or the end of a connection.

import type { Role } from "../../../protocol/codec.js";

/** What was said; "note" is what the source has to say itself. */
export type Kind = "binary" | "text" | "close" | "note";

/** A message, with who said it, when and where, as far as that is known. */
export interface Said {
  readonly data: Uint8Array;
  readonly by: Role | null;
  readonly kind: Kind;
  /** Seconds, by the clock of who recorded it. */
  readonly at: number | null;
  /** The address of its WebSocket, or its two ends. */
  readonly connection: string;
}

/** Why something cannot be read, in a sentence for the person who gave it. */
export class NotReadable extends Error {}

/** Bytes of which nobody knows more. */
export const bare = (data: Uint8Array): Said => ({
  data,
  by: null,
  kind: "binary",
  at: null,
  connection: "",
});
