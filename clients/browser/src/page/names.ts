// What a player is called, remembered by the browser.

const KEY = "roomwire:name";
const FIRST = [
  "Brave",
  "Calm",
  "Clever",
  "Cosmic",
  "Gentle",
  "Lucky",
  "Merry",
  "Quick",
  "Quiet",
  "Sunny",
  "Swift",
  "Wild",
];
const SECOND = [
  "Badger",
  "Comet",
  "Falcon",
  "Fox",
  "Heron",
  "Lynx",
  "Moth",
  "Otter",
  "Owl",
  "Panda",
  "Raven",
  "Wren",
];

const oneOf = (words: readonly string[]): string =>
  words[Math.floor(Math.random() * words.length)]!;

export const randomName = (): string => `${oneOf(FIRST)} ${oneOf(SECOND)}`;

export function storedName(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // some browsers forbid it in private windows
  }
}

export function storeName(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // Then it is asked again next time.
  }
}

/** A name that fits the wire: 64 bytes of UTF-8, cut between characters. */
export function fitName(name: string): string {
  const encoder = new TextEncoder();
  let fitting = "";
  for (const character of name.trim().replace(/\s+/g, " ")) {
    if (encoder.encode(fitting + character).length > 64) break;
    fitting += character;
  }
  return fitting;
}
