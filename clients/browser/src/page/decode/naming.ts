// What each value of a frame is, from what frames.ts declares.

import { errorName } from "../../protocol/error-codes.js";
import { RemoteProtocolError } from "../../protocol/errors.js";
import type { FieldType } from "../../protocol/fields/field-types.js";
import { snake } from "../../protocol/fields/snake.js";
import type { Declaration } from "../../protocol/frames.js";
import { scan } from "../../protocol/msgpack/scan.js";
import { Opcode } from "../../protocol/opcodes.js";
import { ruleOfPayload } from "./rule.js";
import { type Node, isWhole, read } from "./tree.js";

type AnyType = FieldType<unknown, unknown>;
type Numbers = Readonly<Record<string, number>>;

/** Names the fields of a frame; `declared` is null where nobody has this opcode. */
export function nameFrame(data: Uint8Array, root: Node, declared: Declaration | null): void {
  const [opcode, ...fields] = root.children;
  if (!opcode) return;
  opcode.name = "op";
  opcode.means = nameIn(Opcode, opcode);
  const known = Object.entries(declared?.fields ?? {});
  for (const [index, field] of fields.entries()) {
    const [name, fieldType] = known[index] ?? [];
    if (name === undefined || fieldType === undefined) {
      field.note = "unknown field";
      continue;
    }
    field.name = snake(name);
    nameValue(data, field, fieldType);
  }
}

/** Names the values of maps by their keys, all the way down. */
export function nameKeys(node: Node): void {
  node.children.forEach(nameKeys);
  if (node.kind !== "map") return;
  for (const [key, value] of entries(node))
    value.name = typeof key.value === "string" ? key.value : "";
}

/** The keys of a map with their values; a key whose value is missing is left out. */
export function* entries({ children }: Node): Generator<readonly [Node, Node]> {
  for (let index = 0; index + 1 < children.length; index += 2) {
    yield [children[index]!, children[index + 1]!];
  }
}

/** Says of a field's value, and of those within, what they are. */
function nameValue(data: Uint8Array, node: Node, { within }: AnyType): void {
  if (within === undefined) return;
  if (within === "target") node.means = meant(node);
  else if (within === "payload") openPayload(data, node);
  else if ("numbers" in within) node.means = nameIn(within.numbers, node);
  else if ("keys" in within) nameRecord(data, node, within.keys);
  else if (node.kind === "array") {
    for (const [index, child] of node.children.entries()) {
      const wanted = "each" in within ? within.each : within.parts[index];
      if (wanted) nameValue(data, child, wanted);
    }
  }
}

function nameRecord(data: Uint8Array, node: Node, keys: Readonly<Record<string, AnyType>>): void {
  if (node.kind !== "map") return;
  for (const [key, value] of entries(node)) {
    const name = key.value;
    if (typeof name === "string" && Object.hasOwn(keys, name)) nameValue(data, value, keys[name]!);
    else key.note = "unknown key, which is ignored";
  }
}

function nameIn(numbers: Numbers, { kind, value }: Node): string {
  if (kind !== "int") return "";
  return Object.keys(numbers).find((name) => numbers[name] === value) ?? "";
}

/** Who a target means (SPEC 6). */
function meant({ kind, value }: Node): string {
  if (kind === "true") return "everyone";
  if (kind === "nil" || kind === "false") return "everyone but the sender";
  if (kind !== "int" || (typeof value !== "number" && typeof value !== "bigint")) return "";
  if (value === 0) return "the host";
  return value > 0 ? `player ${value}` : `group ${-value}`;
}

/** Shows a payload as the msgpack value that it is, if it is one. */
function openPayload(data: Uint8Array, node: Node): void {
  if (node.kind !== "bin" || !isWhole(node) || node.claims === 0) return;
  const inner = read(data, node.body, node.end);
  const error = refused(data.subarray(node.body, node.end));
  if (!error) {
    node.children = inner;
    nameKeys(inner[0]!);
  } else if (inner[0]?.kind === "array" || inner[0]?.kind === "map") {
    // Other bytes are hardly meant to be msgpack.
    const code = errorName(error.code).toUpperCase();
    const rule = ruleOfPayload(data.subarray(node.body, node.end), error);
    node.note = `no msgpack of this wire: ${code} at ${error.offset} (SPEC ${rule})`;
  }
}

/** What is wrong with a payload; null if nothing is. */
function refused(payload: Uint8Array): RemoteProtocolError | null {
  try {
    scan(payload);
    return null;
  } catch (error) {
    if (error instanceof RemoteProtocolError) return error;
    throw error;
  }
}
