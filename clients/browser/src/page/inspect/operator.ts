// Asks the relay as its operator: each request carries the token in a header, never in an address.

import type {
  Explanation,
  Line,
  Outside,
  PlayerOverview,
  RoomConditions,
  RoomInfo,
} from "./answers.js";

/** Why the relay does not do what was asked, in its own sentence. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    text: string,
  ) {
    super(text);
  }
}

/** Rooms of a page, at most. */
const PAGE = 200;
/** Pages of rooms that are shown. A relay with more rooms has a list that nobody reads. */
const MOST_PAGES = 10;

export class Operator {
  constructor(
    private readonly token: string,
    private readonly home: string = document.baseURI,
  ) {}

  /** All rooms, those that are not public too. */
  async rooms(): Promise<RoomInfo[]> {
    const found: RoomInfo[] = [];
    let after = "";
    for (let page = 0; page < MOST_PAGES; page++) {
      const query = `hidden=true&limit=${PAGE}&after=${encodeURIComponent(after)}`;
      const answer = await this.ask<{ rooms: RoomInfo[]; next: string | null }>(
        "GET",
        `api/rooms?${query}`,
      );
      found.push(...answer.rooms);
      if (!answer.next) break;
      after = answer.next;
    }
    return found;
  }

  /** Follows a room until its stream ends, or until it is told to stop. */
  async *watch(room: string, signal: AbortSignal): AsyncGenerator<Line> {
    const answer = await this.fetch("GET", this.path(room, "watch"), undefined, signal);
    if (!answer.body) throw new Refused(answer.status, "The stream is empty.");
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop()!;
      for (const line of lines) if (line) yield JSON.parse(line) as Line;
    }
  }

  players = (room: string): Promise<{ players: PlayerOverview[] }> =>
    this.ask("GET", this.path(room, "players"));

  why = (room: string, player: number): Promise<Explanation> =>
    this.ask("GET", this.path(room, `players/${player}/why`));

  /** Who did not get into a room, or was cut off; without a room, those of all rooms. */
  outside = (room?: string): Promise<Outside> =>
    this.ask("GET", room === undefined ? "api/why" : this.path(room, "why"));

  kick = (room: string, player: number, reason: string): Promise<unknown> =>
    this.ask("POST", this.path(room, `players/${player}/kick`), { reason });

  makeHost = (room: string, player: number): Promise<unknown> =>
    this.ask("PUT", this.path(room, "host"), { player });

  lock = (room: string, locked: boolean): Promise<unknown> =>
    this.ask("PATCH", this.path(room), { locked });

  say = (room: string, text: string): Promise<unknown> =>
    this.ask("POST", this.path(room, "say"), { text });

  close = (room: string): Promise<unknown> => this.ask("DELETE", this.path(room));

  conditions = (room: string): Promise<RoomConditions> =>
    this.ask("GET", this.path(room, "conditions"));

  shape = (room: string, shape: object): Promise<RoomConditions> =>
    this.ask("PUT", this.path(room, "conditions"), shape);

  clearConditions = (room: string): Promise<unknown> =>
    this.ask("DELETE", this.path(room, "conditions"));

  private path(room: string, below = ""): string {
    return `api/rooms/${encodeURIComponent(room)}${below && `/${below}`}`;
  }

  private async ask<T>(method: string, path: string, body?: object): Promise<T> {
    return (await this.fetch(method, path, body)).json() as Promise<T>;
  }

  private async fetch(
    method: string,
    path: string,
    body?: object,
    signal: AbortSignal | null = null,
  ): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.token}` };
    if (body) headers["content-type"] = "application/json";
    const sent = { method, headers, signal, ...(body && { body: JSON.stringify(body) }) };
    const answer = await fetch(new URL(path, this.home), { ...sent, cache: "no-store" });
    if (answer.ok) return answer;
    const { detail } = (await answer.json().catch(() => ({}))) as { detail?: string };
    throw new Refused(answer.status, detail ?? `The relay answers ${answer.status}.`);
  }
}
