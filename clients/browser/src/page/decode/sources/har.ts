// A browser's HAR export. Its WebSocket messages are an addition of browsers to the format.

import { NotReadable, type Said } from "./said.js";
import { fromBase64 } from "./text.js";

interface Entry {
  readonly request: { readonly url: string };
  readonly _webSocketMessages?: readonly Message[];
}

interface Message {
  readonly type: "send" | "receive";
  readonly time: number;
  readonly opcode: number;
  readonly data: string;
}

const TEXT = 1;
const BINARY = 2;
/** Times beyond it are in ms, as Playwright writes them. Chromium writes seconds. */
const MILLISECONDS = 1e11;

export const isExport = (text: string): boolean => /^[\ufeff\s]*\{/.test(text);

/** The WebSocket messages of an export, connection by connection. */
export function readExport(text: string): Said[] {
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
    "The export has no WebSocket messages: open the developer tools before the page connects, " +
      "and export with all content.",
  );
}

const messages = ({ request: { url }, _webSocketMessages: sent = [] }: Entry): Said[] =>
  sent
    .filter(({ opcode }) => opcode === BINARY || opcode === TEXT)
    .map((message) => said(message, url));

function said({ type, time, opcode, data }: Message, connection: string): Said {
  const kind = opcode === BINARY ? "binary" : "text";
  const bytes = kind === "text" ? new TextEncoder().encode(data) : fromBase64(data);
  if (!bytes) throw new NotReadable("The export has a binary message that is not base64.");
  const at = time > MILLISECONDS ? time / 1000 : time;
  return { data: bytes, by: type === "send" ? "client" : "relay", kind, at, connection };
}
