// Which rule of SPEC 3.3 an error is about: the codec says what is wrong and where, not by which
// number. clients/fuzz/inputs/judge.py is the same in Python, step by step.

import { ErrorCode } from "../../protocol/error-codes.js";
import { RemoteProtocolError } from "../../protocol/errors.js";
import { MAX_NODES } from "../../protocol/limits.js";
import { STR, WHAT } from "../../protocol/msgpack/heads.js";
import { scan } from "../../protocol/msgpack/scan.js";
import { type Node, REST, isWhole, read } from "./tree.js";

/** Errors that only one rule has. */
const ONLY: Readonly<Record<number, string>> = {
  [ErrorCode.NOT_A_FRAME]: "3.3.2",
  [ErrorCode.BAD_UTF8]: "3.3.3.8",
  [ErrorCode.TOO_DEEP]: "3.3.3.6",
  [ErrorCode.DUPLICATE_KEY]: "3.3.3.9",
  [ErrorCode.TRAILING_BYTES]: "3.3.4",
  [ErrorCode.WRONG_DIRECTION]: "3.3.5",
  [ErrorCode.UNKNOWN_OPCODE]: "3.3.5",
  [ErrorCode.ARITY]: "3.3.6",
};

/** The rule that a frame breaks. */
export function ruleOfFrame(data: Uint8Array, error: RemoteProtocolError): string {
  if (data.length < 2) return "3.3.2";
  return isSound(data) ? (ONLY[error.code] ?? ruleOfField(error)) : ruleOfPayload(data, error);
}

/** The rule that a payload breaks: those of its structure. */
export function ruleOfPayload(data: Uint8Array, error: RemoteProtocolError): string {
  const isText = WHAT[data[error.offset ?? 0] ?? 0] === STR;
  switch (error.code) {
    case ErrorCode.TRUNCATED:
      return ruleOfEnd(data);
    case ErrorCode.FORBIDDEN_TYPE:
      return isText ? "3.3.3.9" : "3.3.3.3"; // a key that is forbidden is a str
    case ErrorCode.WRONG_TYPE:
      return "3.3.3.3";
    case ErrorCode.OUT_OF_RANGE:
      return "3.3.3.5";
    case ErrorCode.TOO_MANY:
      return error.limit === MAX_NODES ? "3.3.3.2" : "3.3.3.6";
    default:
      return ONLY[error.code] ?? "3.3.3";
  }
}

/** Whether the structure is right, so that it is a field that is wrong. */
function isSound(data: Uint8Array): boolean {
  try {
    scan(data);
    return true;
  } catch (error) {
    if (error instanceof RemoteProtocolError) return false;
    throw error;
  }
}

function ruleOfField({ code, expected = "", got = "" }: RemoteProtocolError): string {
  if (code !== ErrorCode.WRONG_TYPE) return "3.3.7.1";
  if (expected.startsWith("map with key")) return "3.3.7.3";
  // A pair of another length. Where no array stands at all, it is another type than asked for.
  return /^array of \d+: /.test(expected) && got.startsWith("array") ? "3.3.7.2" : "3.3.7.1";
}

/** The rule of what is not all there. A container is judged before what is within it. */
function ruleOfEnd(data: Uint8Array): string {
  const [root, rest] = read(data);
  if (!root) return "3.3.3.1";
  if (root.kind === REST) return "3.3.3.4";
  for (let node: Node | undefined = root; node; node = node.children.at(-1)) {
    if (!isWhole(node) && needs(node) > data.length - node.body) return "3.3.3.7";
  }
  return rest ? "3.3.3.4" : "3.3.3.1";
}

/** How many bytes a value has at least, after its head. */
const needs = ({ kind, claims }: Node): number => (kind === "map" ? 2 * claims : claims);
