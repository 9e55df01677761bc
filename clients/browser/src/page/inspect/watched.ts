// One room that is watched: what its stream has told, and the stream itself, which comes back.

import { isolated } from "../legible.js";
import type { Line, PlayerOverview, Standing } from "./answers.js";
import { type Operator, Refused } from "./operator.js";
import { SeenFrames, bytesOfFrame } from "./seen.js";
import { Series } from "./series.js";
import { Sizes } from "./sizes.js";

/** Frames of a line whose sizes are counted, at most: so the page goes on answering. */
const MEASURED = 60;

/** A room that is watched says something each second. */
const SILENT_MS = 6000;

const PAUSES = [500, 1000, 2000, 4000, 8000];

export type State = "connecting" | "live" | "lost" | "ended";

/** What changed. */
export type News = "state" | "room" | "players" | "frames" | "rates";

export class Watched {
  state: State = "connecting";
  /** Why it ended, or what the trouble is. */
  why = "";
  standing: Standing | null = null;
  players: readonly PlayerOverview[] = [];
  /** By their numbers; of those who left, too. */
  readonly names = new Map<number, string>();
  readonly seen = new SeenFrames();
  readonly series = new Series();
  sizes = new Sizes();
  private readonly stopping = new AbortController();

  constructor(
    readonly name: string,
    private readonly operator: Operator,
    private readonly tell: (news: News) => void,
    /** Called when the token is refused. */
    private readonly refused: () => void,
  ) {}

  private get isOver(): boolean {
    return this.state === "ended";
  }

  stop(): void {
    this.stopping.abort();
  }

  /** Follows the room until it ends, or until `stop`. */
  async follow(): Promise<void> {
    const { signal } = this.stopping;
    for (let attempt = 0; !signal.aborted && !this.isOver; attempt++) {
      try {
        for await (const line of this.lines(signal)) {
          attempt = 0;
          this.take(line);
        }
        if (!this.isOver) this.be("lost", "The stream broke off.");
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refused && error.status === 401) return this.refused();
        if (error instanceof Refused && error.status === 404)
          return this.be("ended", error.message);
        this.be("lost", error instanceof Refused ? error.message : "The relay does not answer.");
      }
      await sleep(PAUSES[Math.min(attempt, PAUSES.length - 1)]!, signal);
    }
  }

  /** The lines of one stream. A relay that stands still ends it, as one that is gone does. */
  private async *lines(signal: AbortSignal): AsyncGenerator<Line> {
    const patience = new AbortController();
    const lose = (): void => patience.abort();
    let timer = setTimeout(lose, SILENT_MS);
    try {
      const either = AbortSignal.any([signal, patience.signal]);
      for await (const line of this.operator.watch(this.name, either)) {
        clearTimeout(timer);
        timer = setTimeout(lose, SILENT_MS);
        yield line;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  take(line: Line): void {
    if (line.type !== "end" && this.state !== "live") this.be("live", "");
    switch (line.type) {
      case "room":
        this.standing = line;
        return this.tell("room");
      case "players":
        this.players = line.players;
        for (const { player, name } of line.players) this.names.set(player, name);
        return this.tell("players");
      case "frames":
        for (const frame of this.seen.add(line.frames, line.skipped).slice(0, MEASURED)) {
          this.sizes.add(bytesOfFrame(frame));
        }
        return this.tell("frames");
      case "rates":
        this.series.add(line.seconds, line.frames, this.players);
        return this.tell("rates");
      case "end":
        return this.be("ended", line.why);
    }
  }

  /** `#1 Ada`; without a name that is known, `#1`. */
  who(number: number): string {
    return `#${number} ${isolated(this.names.get(number) ?? "")}`.trim();
  }

  /** Counts the sizes anew from now on. */
  clearSizes(): void {
    this.sizes = new Sizes();
  }

  private be(state: State, why: string): void {
    this.state = state;
    this.why = why;
    this.tell("state");
  }
}

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
