// Explains which names a room may have.

import { legible } from "./legible.js";

const NAME = /^[A-Za-z0-9_-]{1,32}$/;

/** Why no room can have this name; null if one can. */
export function whyNoRoom(name: string): string | null {
  if (NAME.test(name)) return null;
  const rule = "A room's code has 1 to 32 characters: letters from A to Z, digits, “-” and “_”.";
  return `No room can be called “${legible(name)}”. ${rule}`;
}
