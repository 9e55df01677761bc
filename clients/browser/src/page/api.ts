// The relay's REST, as far as the pages need it; all of it is described at /docs.

import { legible } from "./legible.js";
import { type Suspect, UPGRADE, rewritten, rewrittenInShort } from "./game/suspect.js";

export interface RoomInfo {
  readonly room: string;
  readonly title: string;
  readonly players: number;
  readonly capacity: number;
  readonly locked: boolean;
  readonly password: boolean;
  readonly host: string | null;
}

export interface RelayInfo {
  readonly version: string;
  readonly wire: readonly [number, number];
  readonly rooms: number;
  readonly players: number;
  /** Where others on the network find this relay, if they can. */
  readonly lan: string | null;
}

export interface NewRoom {
  readonly title?: string;
  readonly public?: boolean;
  readonly capacity?: number;
  readonly password?: string;
}

/** What went wrong, in a sentence for the one who reads it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    text: string,
  ) {
    super(text);
  }
}

export const describeRelay = (): Promise<RelayInfo> => request("api/relay");

export const listRooms = async (): Promise<readonly RoomInfo[]> =>
  (await request<{ rooms: readonly RoomInfo[] }>("api/rooms?open=true&limit=50")).rooms;

export const makeRoom = (options: NewRoom): Promise<RoomInfo> => request("api/rooms", options);

export const matchRoom = (): Promise<RoomInfo> => request("api/match", {});

/** Finds out what keeps a WebSocket from opening; null if the relay does not answer at all. */
export async function findSuspect(): Promise<Suspect | null> {
  try {
    await describeRelay();
    // Browsers say whose page it is with a POST, as they do with a WebSocket. This one does nothing.
    const answer = await ask("api/relay", { method: "POST" });
    return answer.status === 403 ? rewritten(location.host, await explain(answer)) : UPGRADE;
  } catch {
    return null;
  }
}

async function request<T>(path: string, body?: unknown): Promise<T> {
  const options: RequestInit =
    body === undefined
      ? {}
      : {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        };
  const response = await ask(path, options);
  if (response.ok) return response.json() as Promise<T>;
  const said = await explain(response);
  // Only for another site's page, and this one is the relay's own.
  const isForeign = response.status === 403 && body !== undefined;
  throw new ApiError(response.status, isForeign ? rewrittenInShort(said) : said);
}

/** Asks the relay, which may be mounted under a path of its own: that is where <base> leads. */
async function ask(path: string, options: RequestInit): Promise<Response> {
  return fetch(new URL(path, document.baseURI), options).catch(() => {
    throw new ApiError(0, "The relay does not answer. Is it running?");
  });
}

async function explain(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as { detail?: string; title?: string };
  const after = response.headers.get("retry-after");
  const words = legible(problem.detail ?? problem.title ?? "");
  const said = words || `The relay answered ${response.status}.`;
  return after ? `${said} Try again in ${after} s.` : said;
}
