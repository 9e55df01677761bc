// The relay's REST, as far as the pages need it; all of it is described at /docs.

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

async function request<T>(path: string, body?: unknown): Promise<T> {
  const options: RequestInit =
    body === undefined
      ? {}
      : {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        };
  // Relative to <base>: the relay may be mounted under a path of its own.
  const response = await fetch(new URL(path, document.baseURI), options).catch(() => {
    throw new ApiError(0, "The relay does not answer. Is it running?");
  });
  if (response.ok) return response.json() as Promise<T>;
  throw new ApiError(response.status, await explain(response));
}

async function explain(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as { detail?: string; title?: string };
  const after = response.headers.get("retry-after");
  const said = problem.detail ?? problem.title ?? `The relay answered ${response.status}.`;
  return after ? `${said} Try again in ${after} s.` : said;
}
