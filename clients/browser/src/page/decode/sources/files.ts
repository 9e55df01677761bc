// What a text or a file holds: a capture, an export, messages one a line, or the bytes of one.

import { readCapture } from "./captures.js";
import { isExport, readExport } from "./har.js";
import { NotReadable, type Said, bare } from "./said.js";
import { pieces } from "./streams.js";
import { bytesOf } from "./text.js";
import { messages } from "./web-socket.js";

const ROOM = /\/r\/[A-Za-z0-9_-]{1,32}\/?(\?.*)?$/;

/** The messages in a file's content. */
export function readFile(content: Uint8Array): Said[] {
  const packets = readCapture(content);
  if (packets) return ofCapture([...ofRooms(messages(pieces(packets)))]);
  // A frame's first byte never is ASCII, and text of ours is nothing else.
  const isText = content.length > 0 && content.every((byte) => byte < 0x80);
  const text = new TextDecoder().decode(content);
  return isText || isExport(text) ? readText(text) : [bare(content)];
}

/** The messages in a text: one in all of it, or one a line. */
export function readText(text: string): Said[] {
  if (isExport(text)) return [...ofRooms(readExport(text))];
  const whole = bytesOf(text);
  const lines = text.split(/\r?\n/).filter((line) => line.trim());
  if (lines.length < 2 || lines.some((line) => bytesOf(line) === null)) {
    if (whole) return [bare(whole)];
  }
  return lines.map((line, index) => {
    const data = bytesOf(line);
    if (data) return bare(data);
    const where = lines.length > 1 ? `Line ${index + 1}` : "This";
    throw new NotReadable(
      `${where} is no hex, no base64 and no bytes of Python: ${line.slice(0, 40)}`,
    );
  });
}

function ofCapture(found: Said[]): Said[] {
  if (found.length > 0) return found;
  throw new NotReadable("The capture has no messages of a room, or they are encrypted.");
}

/** What was said in rooms, and once for each other WebSocket that it is left out. */
function* ofRooms(found: Iterable<Said>): Generator<Said> {
  const others = new Set<string>();
  for (const said of found) {
    const { connection } = said;
    const address = connection.slice(connection.lastIndexOf(" ") + 1);
    if (!/^(\/|wss?:|https?:)/.test(address) || ROOM.test(address)) yield said;
    else if (!others.has(connection)) {
      others.add(connection);
      const data = new TextEncoder().encode("left out: this is no room");
      yield { ...said, data, kind: "note" };
    }
  }
}
