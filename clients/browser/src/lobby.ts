// The lobby: which rooms there are, and how to get one. It asks the relay's REST.

import { parseRelay } from "./core/address.js";
import { LobbyRefused } from "./errors.js";
import { home } from "./io/home.js";
import { type Query, Rest } from "./io/rest.js";
import type { RoomOptions } from "./protocol/frames.js";
import { snake } from "./protocol/fields/snake.js";

/** Seconds for an answer. */
const TIMEOUT = 10;
/** Seconds between two looks at the list. */
const EVERY = 3;
/** Seconds: more often is not polite. */
const LEAST = 1;
/** Rooms that a relay lists at once. */
const PAGE = 200;
/** Statuses that say when to come back. */
const PASSING: ReadonlySet<number> = new Set([429, 503]);

/** A room as the relay describes it. Title, tags and host's name are other people's words. */
export interface ListedRoom {
  /** Its whole address: `connect(room.url)` enters it. */
  readonly url: string;
  readonly code: string;
  readonly title: string;
  readonly players: number;
  readonly capacity: number;
  readonly spectators: number;
  readonly locked: boolean;
  /** Whether one is needed. */
  readonly password: boolean;
  readonly public: boolean;
  readonly app: string;
  readonly build: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Name of the player who is host, if there is one. */
  readonly host: string | null;
  /** Whether a match has made it just now. */
  readonly created: boolean;
}

/** Which rooms to list; all may be left out. */
export interface Listing {
  /** Rooms of this game. */
  readonly app?: string;
  /** Rooms of this build of it. */
  readonly build?: string;
  /** Rooms that have all of these. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Only rooms that any stranger may enter now. */
  readonly onlyOpen?: boolean;
}

/** A room to be made. What is left out is as the relay makes rooms. */
export interface NewRoom extends RoomOptions {
  /** Its code; the relay draws one if it is left out. */
  readonly name?: string;
}

/** What kind of room to play in. */
export type Wanted = Omit<RoomOptions, "public" | "locked" | "password">;

/** The list has changed, or this is the first look at it. */
export interface LobbyChange {
  /** All of the list. */
  readonly rooms: readonly ListedRoom[];
  readonly added: readonly ListedRoom[];
  readonly changed: readonly ListedRoom[];
  readonly removed: readonly ListedRoom[];
}

/**
 * The lobby of a relay: list its rooms, find one to play in, make one.
 *
 * Every method throws LobbyRefused where the relay says no, with its reason and, if it helps, the
 * seconds to wait; and Unreachable where nothing answers that could be a relay.
 */
export class Lobby {
  private readonly relay: string;
  private readonly rest: Rest;

  /**
   * @param url of the relay, as for `connect`; if it is left out, the one that served this module
   *   or the page
   * @param options `timeout`: seconds for an answer
   * @throws TypeError if the address is none
   */
  constructor(url: string = home(), { timeout = TIMEOUT }: { timeout?: number } = {}) {
    this.relay = parseRelay(url);
    this.rest = new Rest(this.relay, timeout * 1000);
  }

  /** Public rooms, in order of their codes; 1000 at most, unless told otherwise. */
  async rooms({ limit = 1000, ...which }: Listing & { limit?: number } = {}): Promise<ListedRoom[]> {
    const found: ListedRoom[] = [];
    for (let after: string | null = ""; after !== null && found.length < limit; ) {
      const query = queryOf(which, Math.min(limit - found.length, PAGE), after);
      const page = (await this.rest.get("/api/rooms", query)) as Page | null;
      if (!Array.isArray(page?.rooms)) throw this.rest.noRelay();
      found.push(...page.rooms.map((room) => this.listed(room)));
      if (page.next !== null && !(page.next > after)) throw this.rest.noRelay();
      after = page.next;
    }
    return found;
  }

  /**
   * Finds a room to play in now, or makes one. A place is kept for this address for 15 s.
   *
   * @param wanted app and build are those of the room, also where they are left out; tags and
   *   capacity count where they are given
   */
  async match(wanted: Wanted = {}): Promise<ListedRoom> {
    return this.listed(await this.rest.post("/api/match", inSnakeCase(wanted)));
  }

  /** Makes a room. */
  async make(wanted: NewRoom = {}): Promise<ListedRoom> {
    return this.listed(await this.rest.post("/api/rooms", inSnakeCase(wanted)));
  }

  /** Describes a public room; of others the relay says that they are not there (404). */
  async describe(code: string): Promise<ListedRoom> {
    return this.listed(await this.rest.get(`/api/rooms/${encodeURIComponent(code)}`));
  }

  /**
   * The list as it stands, and again whenever it has changed. A relay that asks to come back later
   * is obeyed; other refusals are thrown, and so is the reason of `signal`.
   *
   * @param options `every`: seconds between two looks, 1 at least
   */
  async *watch(options: Listing & Watching = {}): AsyncGenerator<LobbyChange, void, void> {
    const { every = EVERY, signal, ...which } = options;
    if (!(every >= LEAST)) throw new TypeError(`every: ${LEAST} s or more was expected, not ${every}`);
    let seen: readonly ListedRoom[] | null = null;
    for (;;) {
      signal?.throwIfAborted();
      const { rooms, pause } = await this.look(which, every);
      signal?.throwIfAborted();
      const change = rooms && compare(seen, rooms);
      if (change) yield change;
      seen = rooms ?? seen;
      await sleep(pause, signal);
    }
  }

  private async look(which: Listing, every: number): Promise<Look> {
    try {
      return { rooms: await this.rooms(which), pause: every };
    } catch (error) {
      const isPassing = error instanceof LobbyRefused && PASSING.has(error.status);
      if (!isPassing || error.after === null) throw error;
      return { rooms: null, pause: Math.max(every, error.after) };
    }
  }

  private listed(answer: unknown): ListedRoom {
    const { room: code, ...known } = (answer ?? {}) as { room?: unknown } & ListedRoom;
    if (typeof code !== "string" || typeof known.players !== "number") throw this.rest.noRelay();
    // Not what the relay calls it: behind a proxy it may not know its own address.
    return { ...known, code, url: `${this.relay}/r/${code}`, created: known.created ?? false };
  }
}

interface Page {
  readonly rooms: readonly unknown[];
  readonly next: string | null;
}

/** @inline */
interface Watching {
  readonly every?: number;
  readonly signal?: AbortSignal;
}

interface Look {
  /** Null where the relay did not say. */
  readonly rooms: readonly ListedRoom[] | null;
  /** Seconds until the next look. */
  readonly pause: number;
}

function compare(
  before: readonly ListedRoom[] | null,
  rooms: readonly ListedRoom[],
): LobbyChange | null {
  const [old, now] = [byCode(before ?? []), byCode(rooms)];
  const added = rooms.filter(({ code }) => !old.has(code));
  const changed = rooms.filter((room) => isOther(old.get(room.code), room));
  const removed = [...old.values()].filter(({ code }) => !now.has(code));
  const isSame = added.length + changed.length + removed.length === 0;
  return before && isSame ? null : { rooms, added, changed, removed };
}

const byCode = (rooms: readonly ListedRoom[]): Map<string, ListedRoom> =>
  new Map(rooms.map((room) => [room.code, room]));

const isOther = (before: ListedRoom | undefined, room: ListedRoom): boolean =>
  before !== undefined && JSON.stringify(before) !== JSON.stringify(room);

function queryOf(which: Listing, limit: number, after: string): Query {
  const { app, build, tags = {}, onlyOpen = false } = which;
  return [
    ["limit", String(limit)],
    ["after", after],
    ...(app === undefined ? [] : [["app", app] as const]),
    ...(build === undefined ? [] : [["build", build] as const]),
    ...Object.entries(tags).map(([key, value]) => ["tag", `${key}:${value}`] as const),
    ...(onlyOpen ? [["open", "true"] as const] : []),
  ];
}

const inSnakeCase = (wanted: object): object =>
  Object.fromEntries(Object.entries(wanted).map(([key, value]) => [snake(key), value]));

/** @throws the signal's reason, as soon as it is aborted */
const sleep = (seconds: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", stop, { once: true });
  });
