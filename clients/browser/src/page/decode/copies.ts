// A message in the forms in which one takes it elsewhere.

import type { Decoded } from "./decoded.js";
import { hexOf } from "./hex.js";
import { type Hearers, field, ofProperty, toWhom } from "./named-arguments.js";
import { asJson, stringify } from "./spelling.js";
import { type Language, PYTHON, TYPESCRIPT, sourceOf, string } from "./value.js";

/** Writes a message in some form. Args: hearers: left out where nobody knows who hears it. */
export type Write = (message: Decoded, hearers?: Hearers | null) => string;

/** What a message can be copied as, by the label of its button. */
export const COPIES: Readonly<Record<string, Write>> = {
  Hex: ({ data }) => hexOf(data, " "),
  Base64: ({ data }) => base64(data),
  JSON: (message) => stringify(asJson(message), 2),
  Python: inPython,
  TypeScript: inTypeScript,
  "pytest case": asTest,
  "Fuzz seed": asSeed,
};

function base64(data: Uint8Array): string {
  return btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
}

function inPython(message: Decoded, hearers: Hearers | null = null): string {
  const call = callOf(message, hearers, PYTHON);
  if (call) return call;
  const bytes = `bytes.fromhex("${hexOf(message.data)}")`;
  const shown = `show(decode(${bytes}, "${message.by}"))`;
  return `from roomwire.decoded import decode, show\n\nprint(${shown})`;
}

function inTypeScript(message: Decoded, hearers: Hearers | null = null): string {
  const call = callOf(message, hearers, TYPESCRIPT);
  if (call) return `${call};`;
  const { data, by, name } = message;
  return `const message = ${TYPESCRIPT.bytes(hexOf(data))}; // ${by} ${name}`;
}

/** What a program calls to say the same; null where no program says it. */
function callOf(message: Decoded, hearers: Hearers | null, language: Language): string | null {
  const held = field(message, "payload") ?? field(message, "value");
  if (message.fault || !held) return null;
  const [packed] = held.children;
  const value = sourceOf(packed ?? held, language);
  const key = field(message, "key")?.value;
  const raw = packed ? "" : "_bytes";
  const to = toWhom(message, hearers, language);
  const call = (name: string, ...given: unknown[]): string =>
    `room.${language === PYTHON ? name : camel(name)}(${given.join(", ")})`;
  const write = (name: string, ...given: string[]): string =>
    `await ${call(name, string(String(key)), ...given, ...ofProperty(message, language))}`;
  switch (message.name) {
    case "SEND":
    case "DELIVER":
      return `await ${call(`send${raw}`, value, ...to)}`;
    case "VOLATILE":
    case "UPDATE":
      return call(`volatile${raw}`, key, value, ...to);
    case "SET":
    case "PROPERTY":
      if (held.kind === "false") return write("delete_property");
      return packed ? write("set_property", value) : null;
    default:
      return null;
  }
}

const camel = (name: string): string =>
  name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

function asTest(message: Decoded): string {
  const { data, by, name, fault } = message;
  const about = name === "?" ? "message" : name.toLowerCase();
  const claims = fault
    ? `    assert message.fault is not None
    assert (message.fault.code, message.fault.offset, message.fault.rule) == (
        "${fault.code}", ${fault.offset}, "${fault.rule}"
    )`
    : `    assert message.fault is None
    assert message.name == "${name}"`;
  return `from roomwire.decoded import decode


def test_this_${about}_is_${fault ? "refused" : "read"}() -> None:
    message = decode(bytes.fromhex("${hexOf(data)}"), "${by}")
${claims}
`;
}

/** A command that writes the message where `relay fuzz codec --corpus seeds` takes it from. */
function asSeed({ data, by, name }: Decoded): string {
  const path = `seeds/${by}/${name === "?" ? "message" : name.toLowerCase()}-${data.length}.bin`;
  return `python3 -c "import pathlib; p = pathlib.Path('${path}'); \
p.parent.mkdir(parents=True, exist_ok=True); p.write_bytes(bytes.fromhex('${hexOf(data)}'))"
relay fuzz codec --corpus seeds`;
}
