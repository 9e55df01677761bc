// Frames to bytes and back. One frame is one WebSocket binary message.

import { ErrorCode } from "./error-codes.js";
import { LocalProtocolError, RemoteProtocolError } from "./errors.js";
import type { FieldType } from "./fields/field-types.js";
import { Mismatch } from "./fields/mismatch.js";
import {
  CLIENT_FRAMES,
  type ClientFrame,
  type Declarations,
  RELAY_FRAMES,
  type RelayFrame,
} from "./frames.js";
import { ownBytes } from "./msgpack/bytes.js";
import { type Path, type Step, locate } from "./msgpack/locate.js";
import { read } from "./msgpack/read.js";
import { headName, hex } from "./msgpack/scan.js";
import { beginning } from "./msgpack/utf8.js";
import { write } from "./msgpack/write.js";
import { Opcode } from "./opcodes.js";

/**
 * Who speaks. It decides which frames are legal, and how strictly they are read.
 *
 * @inline
 */
export type Role = "client" | "relay";

/** A frame's declaration, as a table to go through. */
interface Layout {
  readonly type: string;
  readonly opcode: number;
  /** The name of its opcode, for errors. */
  readonly name: string;
  readonly fields: readonly (readonly [name: string, fieldType: FieldType<unknown, unknown>])[];
}

const OPCODE_NAMES = new Map<number, string>(
  Object.entries(Opcode).map(([name, opcode]) => [opcode, name]),
);

const layoutsOf = (frames: Declarations): Layout[] =>
  Object.entries(frames).map(([type, { opcode, fields }]) => ({
    type,
    opcode,
    name: OPCODE_NAMES.get(opcode)!,
    fields: Object.entries(fields),
  }));

const LAYOUTS = { client: layoutsOf(CLIENT_FRAMES), relay: layoutsOf(RELAY_FRAMES) };

const BY_TYPE = new Map(
  [...LAYOUTS.relay, ...LAYOUTS.client].map((layout) => [layout.type, layout]),
);

const byOpcode = (layouts: readonly Layout[]): Map<number, Layout> =>
  new Map(layouts.map((layout) => [layout.opcode, layout]));

const BY_OPCODE = { client: byOpcode(LAYOUTS.client), relay: byOpcode(LAYOUTS.relay) };

/**
 * Serializes one frame in its shortest form.
 *
 * @throws LocalProtocolError if a field holds what the wire cannot carry
 */
export function encode(frame: ClientFrame | RelayFrame): Uint8Array<ArrayBuffer> {
  const layout = BY_TYPE.get(frame.type);
  if (!layout) throw notAFrame(frame.type);
  const held = frame as unknown as Record<string, unknown>;
  const elements: unknown[] = [layout.opcode];
  for (const [field, fieldType] of layout.fields) {
    try {
      elements.push(fieldType.dump(held[field]));
    } catch (error) {
      throw error instanceof Mismatch ? localError(error.at(field), frame.type) : error;
    }
  }
  return write(elements, true);
}

/**
 * Parses one frame that `by` sent.
 *
 * A relay's frame may have more fields than we know, and may be `Unknown`; a client's must have
 * exactly its own.
 *
 * @throws RemoteProtocolError with the offset of the first wrong byte; nothing else escapes
 */
export function decode(data: Uint8Array, by?: "relay"): RelayFrame;
export function decode(data: Uint8Array, by: Role): RelayFrame | ClientFrame;
export function decode(data: Uint8Array, by: Role = "relay"): RelayFrame | ClientFrame {
  const message = ownBytes(data);
  const opcode = checkHead(message);
  const elements = read(message, true) as readonly unknown[];
  const layout = BY_OPCODE[by].get(opcode);
  if (!layout) {
    // SPEC 20.1: what a client does not know, it ignores.
    if (by === "relay") return { type: "Unknown", opcode };
    throw noSuchFrame(opcode);
  }
  checkArity(layout, elements.length - 1, by);
  const frame: Record<string, unknown> = { type: layout.type };
  let index = 1;
  for (const [field, fieldType] of layout.fields) {
    try {
      frame[field] = fieldType.load(elements[index]);
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      throw remoteError(message, error.at(index), `${layout.name}.${field}`);
    }
    index += 1;
  }
  return frame as unknown as RelayFrame | ClientFrame;
}

/** Returns the opcode, from the two bytes that every frame begins with. */
function checkHead(data: Uint8Array): number {
  const [head, opcode] = data;
  if (head === undefined || opcode === undefined) {
    throw new RemoteProtocolError(ErrorCode.TRUNCATED, "a frame has at least two bytes", {
      offset: data.length,
      expected: `at least ${2 - data.length} more bytes`,
      got: "end of message",
    });
  }
  if (head < 0x91 || head > 0x9f) {
    throw new RemoteProtocolError(
      ErrorCode.NOT_A_FRAME,
      "a frame is an array of 1 to 15 elements",
      {
        offset: 0,
        expected: "head 0x91..0x9F",
        got: headName(head),
      },
    );
  }
  if (opcode > 0x7f) {
    throw new RemoteProtocolError(ErrorCode.NOT_A_FRAME, "a frame begins with its opcode", {
      offset: 1,
      expected: "opcode 0x00..0x7F",
      got: headName(opcode),
    });
  }
  return opcode;
}

const notAFrame = (type: unknown): LocalProtocolError =>
  new LocalProtocolError(ErrorCode.UNKNOWN_OPCODE, "this is not a frame that can be sent", {
    got: String(type),
  });

function noSuchFrame(opcode: number): RemoteProtocolError {
  const relays = BY_OPCODE.relay.get(opcode);
  return new RemoteProtocolError(
    relays ? ErrorCode.WRONG_DIRECTION : ErrorCode.UNKNOWN_OPCODE,
    relays ? `only the relay sends ${relays.name}` : "no frame has this opcode",
    { offset: 1, expected: "a client's opcode", got: hex(opcode) },
  );
}

function checkArity({ name, fields }: Layout, values: number, by: Role): void {
  if (values === fields.length || (values > fields.length && by === "relay")) return;
  throw new RemoteProtocolError(ErrorCode.ARITY, `${name} has the wrong number of fields`, {
    offset: 0,
    expected: `${fields.length} fields`,
    got: `${values} fields`,
  });
}

/** Writes a path as Python does, `.create.tags` or `[3]`, and never at length. */
const inner = (path: Path): string => path.map(written).join("");

function written(step: Step): string {
  if (typeof step === "number") return `[${step}]`;
  return `.${beginning(typeof step === "string" ? step : step.key)}`;
}

function remoteError(data: Uint8Array, mismatch: Mismatch, where: string): RemoteProtocolError {
  return new RemoteProtocolError(
    mismatch.code,
    `${where}${inner(mismatch.path.slice(1))} is not what it should be`,
    { ...mismatch, offset: locate(data, mismatch.path) },
  );
}

function localError(mismatch: Mismatch, frame: string): LocalProtocolError {
  return new LocalProtocolError(
    mismatch.code,
    `${frame}${inner(mismatch.path)} is not what it should be`,
    { ...mismatch },
  );
}
