// The relay's REST, as far as the pages need it; all of it is described at /docs.

// Not from index.js, of which the home page needs no more.
import { LobbyRefused, Unreachable } from "../errors.js";
import { type ListedRoom, Lobby, type NewRoom } from "../lobby.js";
import { legible } from "./legible.js";
import { type Suspect, UPGRADE, rewritten, rewrittenInShort } from "./game/suspect.js";

export interface RelayInfo {
  readonly version: string;
  readonly wire: readonly [number, number];
  readonly rooms: number;
  readonly players: number;
  /** Where others on the network find this relay, if they can. */
  readonly lan: string | null;
}

/** What went wrong, in a sentence for the one who reads it. */
export class ApiError extends Error {}

const lobby = new Lobby(document.baseURI);

export async function describeRelay(): Promise<RelayInfo> {
  return (await ask("GET")).json() as Promise<RelayInfo>;
}

export const listRooms = (): Promise<readonly ListedRoom[]> =>
  explained(lobby.rooms({ onlyOpen: true, limit: 50 }));

export const makeRoom = (options: NewRoom): Promise<ListedRoom> => explained(lobby.make(options));

export const matchRoom = (): Promise<ListedRoom> => explained(lobby.match());

/** Finds out what keeps a WebSocket from opening; null if the relay does not answer at all. */
export async function findSuspect(): Promise<Suspect | null> {
  try {
    await describeRelay();
    // Browsers say whose page it is with a POST, as they do with a WebSocket. This one does nothing.
    const answer = await ask("POST");
    if (answer.status !== 403) return UPGRADE;
    const { detail = "" } = (await answer.json().catch(() => ({}))) as { detail?: string };
    return rewritten(location.host, detail);
  } catch {
    return null;
  }
}

/** Asks the relay, which may be mounted under a path of its own: that is where <base> leads. */
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
  // Only for another site's page, and this one is the relay's own.
  if (status === 403) return rewrittenInShort(text);
  return after === null ? legible(text) : `${legible(text)} Try again in ${after} s.`;
}
