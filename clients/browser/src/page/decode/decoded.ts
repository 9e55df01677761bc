// Decodes one message: who said it, its tree, and the first thing that is wrong with it.
// clients/decode in Python, which a test holds this to.

import { type Role, decode as decodeFrame } from "../../protocol/codec.js";
import { errorName } from "../../protocol/error-codes.js";
import { RemoteProtocolError } from "../../protocol/errors.js";
import {
  CLIENT_FRAMES,
  type Declaration,
  type Declarations,
  RELAY_FRAMES,
} from "../../protocol/frames.js";
import { unpack } from "../../protocol/msgpack/payload.js";
import { Opcode } from "../../protocol/opcodes.js";
import { nameFrame, nameKeys } from "./naming.js";
import { ruleOfFrame, ruleOfPayload } from "./rule.js";
import { type Node, read } from "./tree.js";

/** Who says it; `payload` is what a game packed. */
export type Sender = Role | "payload";

/** The first rule that a message breaks. */
export interface Fault {
  /** Name of the error, as ERROR carries it. */
  readonly code: string;
  /** The byte that is to blame; the message's length where one is missing. */
  readonly offset: number;
  /** Of SPEC.md: "3.3.3.7". */
  readonly rule: string;
  readonly text: string;
  readonly expected: string | null;
  readonly got: string | null;
}

/** What a message says, byte by byte. */
export interface Decoded {
  readonly data: Uint8Array;
  readonly by: Sender;
  /** Whether nobody said who sent it. */
  readonly isGuessed: boolean;
  /** Of the frame: "SEND"; "PAYLOAD" for a payload, "?" for no frame that is known. */
  readonly name: string;
  /** Its value, and what could not be read. */
  readonly nodes: readonly Node[];
  readonly fault: Fault | null;
}

const FRAMES: Readonly<Record<Role, Declarations>> = { client: CLIENT_FRAMES, relay: RELAY_FRAMES };
const SIDES: readonly Role[] = ["client", "relay"];

/** Decodes any bytes as a message of this wire. Without `by`, who sent it is guessed. */
export function decode(data: Uint8Array, by: Sender | null = null): Decoded {
  const sender = by ?? guess(data);
  const nodes = read(data);
  const declared = declaration(data, sender);
  const [root] = nodes;
  if (root) nameKeys(root);
  if (root && sender !== "payload") nameFrame(data, root, declared);
  const name = called(data, sender, declared !== null);
  return { data, by: sender, isGuessed: by === null, name, nodes, fault: faultOf(data, sender) };
}

/** Whether clients ignore it: a relay's frame that only a newer client knows. */
export const isIgnored = ({ name, fault }: Decoded): boolean => name === "?" && fault === null;

/** Who probably said it: the one who is right, or whose error comes later. */
function guess(data: Uint8Array): Role {
  const having = SIDES.filter((side) => declaration(data, side) !== null);
  const far = (side: Role): number => refused(data, side)?.offset ?? data.length + 1;
  const sides = having.length > 0 ? having : SIDES;
  return sides.reduce((best, side) => (far(side) > far(best) ? side : best));
}

function declaration(data: Uint8Array, by: Sender): Declaration | null {
  if (data.length < 2 || by === "payload") return null;
  return Object.values(FRAMES[by]).find(({ opcode }) => opcode === data[1]) ?? null;
}

function called(data: Uint8Array, by: Sender, isDeclared: boolean): string {
  if (by === "payload") return "PAYLOAD";
  const [head = 0, opcode = 0] = data;
  const name = Object.entries(Opcode).find(([, number]) => number === opcode)?.[0];
  const isFrame = data.length > 1 && head >= 0x91 && head <= 0x9f && name !== undefined;
  return isFrame && (isDeclared || by === "client") ? name : "?";
}

function faultOf(data: Uint8Array, by: Sender): Fault | null {
  const error = refused(data, by);
  if (!error) return null;
  const { text, expected = null, got = null } = error;
  const rule = (by === "payload" ? ruleOfPayload : ruleOfFrame)(data, error);
  const offset = error.offset ?? 0;
  return { code: errorName(error.code).toUpperCase(), offset, rule, text, expected, got };
}

function refused(data: Uint8Array, by: Sender): RemoteProtocolError | null {
  try {
    if (by === "payload") unpack(data);
    else decodeFrame(data, by);
    return null;
  } catch (error) {
    if (error instanceof RemoteProtocolError) return error;
    throw error;
  }
}
