// What the browser remembers: the name for good, passwords until the tab is closed.

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

export const storedName = (): string | null => read(() => localStorage, KEY);

export const storeName = (name: string): void => write(() => localStorage, KEY, name);

/** It has the path in it: one origin may have several relays, each with its own rooms. */
const passwordKey = (room: string): string =>
  `roomwire:password:${new URL(`r/${room.toUpperCase()}`, document.baseURI).pathname}`;

/** The password of a room that was made or entered in this tab. */
export const storedPassword = (room: string): string | null =>
  read(() => sessionStorage, passwordKey(room));

export const storePassword = (room: string, password: string): void =>
  write(() => sessionStorage, passwordKey(room), password);

// Some browsers forbid storage in private windows. Then the page asks again next time.

function read(storage: () => Storage, key: string): string | null {
  try {
    return storage().getItem(key);
  } catch {
    return null;
  }
}

function write(storage: () => Storage, key: string, value: string): void {
  try {
    storage().setItem(key, value);
  } catch {
    // The same as if it was never written.
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
