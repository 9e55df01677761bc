// Frames to bytes and back. One frame is one WebSocket binary message.

import { Encoder } from "@msgpack/msgpack";
import { ErrorCode } from "./error-codes.js";
import { LocalProtocolError, RemoteProtocolError } from "./errors.js";
import {
  CLIENT_FRAMES,
  type ClientFrame,
  type Declaration,
  type Declarations,
  RELAY_FRAMES,
  type RelayFrame,
} from "./frames.js";
import { type Path, type Step, locate } from "./msgpack/locate.js";
import { Mismatch } from "./fields/mismatch.js";
import { read } from "./msgpack/read.js";
import { headName, scan } from "./msgpack/scan.js";

const encoder = new Encoder();

/**
 * Who speaks. It decides which frames are legal, and how strictly they are read.
 *
 * @inline
 */
export type Role = "client" | "relay";

interface Named extends Declaration {
  readonly name: string;
}

const byName = (frames: Declarations): Map<string, Named> =>
  new Map(Object.entries(frames).map(([name, frame]) => [name, { name, ...frame }]));

const NAMES = new Map([...byName(RELAY_FRAMES), ...byName(CLIENT_FRAMES)]);

const byOpcode = (frames: Declarations): Map<number, Named> =>
  new Map([...byName(frames).values()].map((frame) => [frame.opcode, frame]));

const OPCODES = { client: byOpcode(CLIENT_FRAMES), relay: byOpcode(RELAY_FRAMES) };

/**
 * Serializes one frame in its shortest form.
 *
 * @throws LocalProtocolError if a field holds what the wire cannot carry
 */
export function encode(frame: ClientFrame | RelayFrame): Uint8Array<ArrayBuffer> {
  const declared = NAMES.get(frame.type);
  if (!declared)
    throw new LocalProtocolError(ErrorCode.UNKNOWN_OPCODE, `no frame is called ${frame.type}`);
  const elements: unknown[] = [declared.opcode];
  for (const [field, fieldType] of Object.entries(declared.fields)) {
    try {
      elements.push(fieldType.dump((frame as unknown as Record<string, unknown>)[field]));
    } catch (error) {
      throw error instanceof Mismatch ? localError(error.at(field), frame.type) : error;
    }
  }
  return encoder.encode(elements);
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
  const opcode = checkHead(data);
  scan(data);
  const [, ...values] = read(data, true) as unknown[];
  const declared = OPCODES[by].get(opcode);
  if (!declared) {
    // SPEC 20.1: what a client does not know, it ignores.
    if (by === "relay") return { type: "Unknown", opcode };
    throw noSuchFrame(opcode);
  }
  const fields = Object.entries(declared.fields);
  checkArity(declared.name, fields.length, values.length, by);
  const frame: Record<string, unknown> = { type: declared.name };
  for (const [index, [field, fieldType]] of fields.entries()) {
    try {
      frame[field] = fieldType.load(values[index]);
    } catch (error) {
      throw error instanceof Mismatch
        ? remoteError(data, error.at(index + 1), `${declared.name}.${field}`)
        : error;
    }
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

function noSuchFrame(opcode: number): RemoteProtocolError {
  const relays = OPCODES.relay.get(opcode);
  return new RemoteProtocolError(
    relays ? ErrorCode.WRONG_DIRECTION : ErrorCode.UNKNOWN_OPCODE,
    relays ? `only the relay sends ${relays.name}` : "no frame has this opcode",
    { offset: 1, expected: "a client's opcode", got: headName(opcode) },
  );
}

function checkArity(name: string, fields: number, values: number, by: Role): void {
  if (values === fields || (values > fields && by === "relay")) return;
  throw new RemoteProtocolError(ErrorCode.ARITY, `${name} has the wrong number of fields`, {
    offset: 0,
    expected: `${fields} fields`,
    got: `${values} fields`,
  });
}

/** Writes a path as `.create.tags` or `[3]`, and never at length. */
const inner = (path: Path): string => path.map(written).join("");

function written(step: Step): string {
  if (typeof step === "number") return `[${step}]`;
  return `.${(typeof step === "string" ? step : step.key).slice(0, 64)}`;
}

function remoteError(data: Uint8Array, mismatch: Mismatch, where: string): RemoteProtocolError {
  return new RemoteProtocolError(
    mismatch.code,
    `${where}${inner(mismatch.path.slice(1))} is not what it should be`,
    {
      ...mismatch,
      offset: locate(data, mismatch.path),
    },
  );
}

function localError(mismatch: Mismatch, frame: string): LocalProtocolError {
  return new LocalProtocolError(
    mismatch.code,
    `${frame}${inner(mismatch.path)} is not what it should be`,
    { ...mismatch },
  );
}
