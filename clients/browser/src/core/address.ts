// Where a room is: the forms in which people write a relay's address.

import { printable } from "../protocol/printable.js";

const SCHEMES: Record<string, string> = {
  "ws:": "ws:",
  "http:": "ws:",
  "wss:": "wss:",
  "https:": "wss:",
};
const ROOM = /^[A-Za-z0-9_-]{1,32}$/;

/** Where a room is. */
export interface Address {
  /** Of the WebSocket, such as `ws://localhost:8000/r/K7QF`. */
  readonly url: string;
  readonly room: string;
}

/**
 * Understands `url`, with or without a scheme, the room's path or a prefix of the relay.
 *
 * @param url such as `localhost:8000`, `ws://host:8000`, `https://host/r/K7QF`
 * @param room the room, where `url` names none
 * @throws TypeError for no room, two rooms, or an address that is none
 */
export function parseAddress(url: string, room?: string): Address {
  const parsed = parseUrl(url);
  const [, base = "", inPath] = /^(.*?)(?:\/r\/([^/]+))?\/*$/.exec(parsed.pathname) ?? [];
  const name = oneRoom(url, inPath, room);
  const scheme = SCHEMES[parsed.protocol]!;
  return { url: `${scheme}//${parsed.host}${base}/r/${name}${conditions(parsed)}`, room: name };
}

/** A room's link may ask for a bad network (SPEC 2.9.2). */
function conditions({ searchParams }: URL): string {
  const asked = [...searchParams].filter(([key]) => key === "chaos" || key === "seed");
  return searchParams.has("chaos") ? `?${new URLSearchParams(asked)}` : "";
}

/** An address, or those of several relays that share their rooms. */
export type Urls = string | readonly string[];

/**
 * Understands one address as `parseAddress` does, or several: the first may name the room for all.
 *
 * @throws TypeError as `parseAddress`, or if there is none
 */
export function parseAddresses(urls: Urls, room?: string): [Address, ...Address[]] {
  const [first, ...others] = typeof urls === "string" ? [urls] : urls;
  if (first === undefined) throw mistake("there is no address of a relay");
  const address = parseAddress(first, room);
  return [address, ...others.map((url) => parseAddress(url, address.room))];
}

/**
 * Understands `url` as `parseAddress` does, with or without a room.
 *
 * @returns the relay's home for HTTP, without a slash at its end
 * @throws TypeError for an address that is none
 */
export function parseRelay(url: string): string {
  const parsed = parseUrl(url);
  const scheme = SCHEMES[parsed.protocol] === "wss:" ? "https:" : "http:";
  return `${scheme}//${parsed.host}${parsed.pathname.replace(/(\/r\/[^/]+)?\/*$/, "")}`;
}

/** Addresses come in links, which others wrote. */
const mistake = (text: string): TypeError => new TypeError(printable(text));

function parseUrl(url: string): URL {
  const full = url.includes("://") ? url : `ws://${url}`;
  const parsed = tryUrl(full);
  if (parsed?.host && parsed.protocol in SCHEMES) return parsed;
  throw mistake(
    `"${url}" is not a relay's address: write "ws://host:port" or "http://host:port"`,
  );
}

function tryUrl(url: string): URL | null {
  try {
    return new URL(url);
  } catch {
    return null;
  }
}

function oneRoom(url: string, inPath: string | undefined, named: string | undefined): string {
  if (inPath && named && inPath.toUpperCase() !== named.toUpperCase()) {
    throw mistake(`"${url}" leads to room ${inPath}, but room "${named}" was asked for`);
  }
  const room = named ?? inPath;
  if (!room) throw mistake(`"${url}" names no room: give { room: "K7QF" }`);
  if (ROOM.test(room)) return room;
  throw mistake(`"${room}" cannot be a room: 1 to 32 letters, digits, "_" or "-"`);
}

/**
 * The relay that served this module, if one did; else the one that served the page.
 *
 * @param moduleUrl `import.meta.url`
 * @param pageUrl `location.href`, in a page
 */
export function homeRelay(moduleUrl: string, pageUrl: string | undefined): string | undefined {
  const served = /^(https?:\/\/.*)\/(?:client|assets)\/[^/]*$/.exec(moduleUrl);
  if (served) return served[1];
  if (!pageUrl?.startsWith("http")) return undefined;
  // A proxy may show the relay below a path: a room's page says where.
  const { origin, pathname } = new URL(pageUrl);
  const room = /^(.*\/)r\/[^/]+\/*$/.exec(pathname);
  return `${origin}${room?.[1] ?? "/"}`;
}
