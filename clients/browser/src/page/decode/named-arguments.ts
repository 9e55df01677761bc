// The named arguments of a call that says the same as a message: to whom it goes, and whose it is.

import type { Decoded } from "./decoded.js";
import type { Node } from "./tree.js";
import { type Language, PYTHON } from "./value.js";

/** Who hears a frame, as the room told the operator. The frame itself does not say it. */
export type Hearers = "all" | "others" | readonly number[] | { readonly group: number };

/** The field of a frame, by its name. */
export const field = ({ nodes }: Decoded, name: string): Node | undefined =>
  nodes[0]?.children.find((child) => child.name === name);

/** `to=HOST`. Nothing, if it goes to all others, as calls do without a word. */
export function toWhom(message: Decoded, hearers: Hearers | null, language: Language): string[] {
  const target = field(message, "target");
  const to = target ? ofTarget(target) : hearers && ofHearers(hearers);
  return to === null ? [] : written({ to }, language);
}

/** `player=3, expected=1` of a property; nothing, if it is the room's and has any version. */
export function ofProperty(message: Decoded, language: Language): string[] {
  const scope = field(message, "scope")?.value;
  const expected = field(message, "expected");
  return written(
    {
      ...(scope ? { player: String(scope) } : {}),
      ...(expected?.kind === "int" ? { expected: String(expected.value) } : {}),
    },
    language,
  );
}

function ofTarget({ kind, value, children }: Node): string | null {
  if (kind === "true") return "EVERYONE";
  if (kind === "array") return list(children.map((child) => child.value as number));
  if (kind !== "int") return null;
  const number = Number(value);
  if (number === 0) return "HOST";
  return number > 0 ? String(number) : `group(${-number})`;
}

function ofHearers(hearers: Hearers): string | null {
  if (hearers === "others") return null;
  if (hearers === "all") return "EVERYONE";
  if ("group" in hearers) return `group(${hearers.group})`;
  return hearers.length === 1 ? String(hearers[0]) : list(hearers);
}

const list = (numbers: readonly number[]): string => `[${numbers.join(", ")}]`;

function written(given: Readonly<Record<string, string>>, language: Language): string[] {
  const pairs = Object.entries(given);
  if (language === PYTHON) return pairs.map(([name, value]) => `${name}=${value}`);
  const all = pairs.map(([name, value]) => `${name}: ${value}`).join(", ");
  return all ? [`{ ${all} }`] : [];
}
