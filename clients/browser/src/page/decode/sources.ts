// What a text or a file holds: messages one a line, a browser's HAR export, or the bytes of one.

import type { Role } from "../../protocol/codec.js";
import { bytesOf, fromBase64 } from "./text.js";

/** A message, with who said it, when and where, as far as that is known. */
export interface Said {
  readonly data: Uint8Array;
  readonly by: Role | null;
  /** Seconds, by the clock of who recorded it. */
  readonly at: number | null;
  /** The address of its WebSocket. */
  readonly connection: string;
}

/** What is not to be read, in a sentence for who gave it. */
export class NotReadable extends Error {}

const CAPTURES = ["d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d", "0a0d0d0a"];

/** The messages in a file's content. */
export function readFile(content: Uint8Array): Said[] {
  const head = [...content.subarray(0, 4)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  if (CAPTURES.includes(head)) {
    throw new NotReadable("This is a capture of packets: the command `relay decode` reads it.");
  }
  // A frame's first byte never is ASCII, and text of ours is nothing else.
  const isText = content.length > 0 && content.every((byte) => byte < 0x80);
  const text = new TextDecoder().decode(content);
  return isText || isExport(text) ? readText(text) : [said(content)];
}

/** The messages in a text: one in all of it, or one a line. */
export function readText(text: string): Said[] {
  if (isExport(text)) return readExport(text);
  const whole = bytesOf(text);
  const lines = text.split(/\r?\n/).filter((line) => line.trim());
  if (lines.length < 2 || lines.some((line) => bytesOf(line) === null)) {
    if (whole) return [said(whole)];
  }
  return lines.map((line, index) => {
    const data = bytesOf(line);
    if (data) return said(data);
    const where = lines.length > 1 ? `Line ${index + 1}` : "This";
    throw new NotReadable(
      `${where} is no hex, no base64 and no bytes of Python: ${line.slice(0, 40)}`,
    );
  });
}

const said = (data: Uint8Array, by: Role | null = null): Said => ({
  data,
  by,
  at: null,
  connection: "",
});

const isExport = (text: string): boolean => /^[\ufeff\s]*\{/.test(text);

/** What is read of an export. Its WebSocket messages are an addition of browsers to the format. */
interface Entry {
  readonly request: { readonly url: string };
  readonly _webSocketMessages?: readonly {
    readonly type: "send" | "receive";
    readonly time: number;
    readonly opcode: number;
    readonly data: string;
  }[];
}

const BINARY = 2;
/** Times beyond it are in ms, as Playwright writes them. Chromium writes seconds. */
const MILLISECONDS = 1e11;
const ROOM = /\/r\/[A-Za-z0-9_-]{1,32}\/?(\?.*)?$/;

function readExport(text: string): Said[] {
  let found: Said[];
  try {
    const { log } = JSON.parse(text.replace(/^\ufeff/, "")) as { log: { entries: Entry[] } };
    found = log.entries.flatMap(messages);
  } catch (error) {
    if (error instanceof NotReadable) throw error;
    throw new NotReadable("This is JSON, and no HAR export of a browser.");
  }
  if (found.length > 0) return found;
  throw new NotReadable(
    "The export has no messages of a room: open the developer tools before the page connects, " +
      "and export with all content.",
  );
}

function messages({ request, _webSocketMessages: sent = [] }: Entry): Said[] {
  if (!ROOM.test(request.url)) return [];
  return sent
    .filter(({ opcode }) => opcode === BINARY)
    .map(({ type, time, data }) => {
      const bytes = fromBase64(data);
      if (!bytes) throw new NotReadable("The export has a binary message that is not base64.");
      const at = time > MILLISECONDS ? time / 1000 : time;
      return { data: bytes, by: type === "send" ? "client" : "relay", at, connection: request.url };
    });
}
