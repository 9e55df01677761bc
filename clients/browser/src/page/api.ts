// The part of the relay's REST that the pages need. /docs describes all of it.

// Not from index.js: the home page needs nothing else of that.
import { LobbyRefused, Unreachable } from "../errors.js";
import { type ListedRoom, Lobby, type NewRoom } from "../lobby.js";
import { legible } from "./legible.js";
import { type Suspect, UPGRADE, rewritten, rewrittenInShort } from "./game/suspect.js";

export interface RelayInfo {
  readonly version: string;
  readonly wire: readonly [number, number];
  readonly rooms: number;
  readonly players: number;
  /** The relay's URL for others on the network, if they can reach it. */
  readonly lan: string | null;
}

/** What went wrong, in a sentence for the player. */
export class ApiError extends Error {}

const lobby = new Lobby(document.baseURI);

export async function describeRelay(): Promise<RelayInfo> {
  return (await ask("GET")).json() as Promise<RelayInfo>;
}

export const listRooms = (): Promise<readonly ListedRoom[]> =>
  explained(lobby.rooms({ onlyOpen: true, limit: 50 }));

export const makeRoom = (options: NewRoom): Promise<ListedRoom> => explained(lobby.make(options));

export const matchRoom = (): Promise<ListedRoom> => explained(lobby.match());

/** Finds out why no WebSocket opens; null if the relay does not answer at all. */
export async function findSuspect(): Promise<Suspect | null> {
  try {
    await describeRelay();
    // Browsers send the page's origin with a POST, as with a WebSocket. This POST changes nothing.
    const answer = await ask("POST");
    if (answer.status !== 403) return UPGRADE;
    const { detail = "" } = (await answer.json().catch(() => ({}))) as { detail?: string };
    return rewritten(location.host, detail);
  } catch {
    return null;
  }
}

/** Asks the relay. It may be mounted under a path of its own, which <base> tells. */
const ask = (method: string): Promise<Response> =>
  fetch(new URL("api/relay", document.baseURI), { method });

function explained<T>(asked: Promise<T>): Promise<T> {
  return asked.catch((error: unknown) => {
    if (error instanceof LobbyRefused) throw new ApiError(inWords(error));
    if (error instanceof Unreachable) throw new ApiError("The relay does not answer. Is it running?");
    throw error;
  });
}

function inWords({ status, text, after }: LobbyRefused): string {
  // This happens only to pages of other sites, and this page is the relay's own.
  if (status === 403) return rewrittenInShort(text);
  return after === null ? legible(text) : `${legible(text)} Try again in ${after} s.`;
}
