// One room: its head with what may be done with it, the charts, and the tabs.

import { make, nameOf, words, write } from "../../dom.js";
import { isolated, legible } from "../../legible.js";
import { askFor, tell } from "../../parts/question.js";
import { Tabs } from "../../parts/tabs.js";
import { ChartsView } from "./charts.js";
import type { PlayerOverview, Standing } from "../answers.js";
import { FramesView } from "./frames.js";
import { NetworkView } from "./network.js";
import type { Operator } from "../operator.js";
import { type PlayerActs, PlayersView } from "./players.js";
import { reasonsOf, refusalsOf, rejectedOf, tellOutside } from "./refusals.js";
import { StateView } from "./state.js";
import { TrafficView } from "./traffic.js";
import { type News, Watched } from "../watched.js";

/** Bytes of a reason, and of what is said, that the relay takes (protocol/limits.py, REST). */
const LONGEST_REASON = 123;
const LONGEST_SAID = 1024;

const TAKES_SPACE = "input, select, textarea, dialog, summary, button:not([role=tab])";

export class RoomView {
  readonly element = make("section", { className: "watched", ariaLabel: "Room" });
  readonly watched: Watched;
  private readonly title = make("h2", { tabIndex: -1 });
  private readonly about = make("p", { className: "note" });
  private readonly ended = make("p", { className: "error" });
  private readonly lock = make("input", { type: "checkbox" });
  private readonly error = make("p", { className: "error" });
  private readonly charts = new ChartsView();
  private readonly players: PlayersView;
  private readonly frames: FramesView;
  private readonly traffic: TrafficView;
  private readonly state = new StateView();
  private readonly network: NetworkView;
  private readonly tabs: Tabs;
  private readonly changed = new Set<News>();
  private readonly leaving = new AbortController();
  private isDrawing = false;
  /** Whether the relay has yet to answer a wish to lock or unlock the room. */
  private isLocking = false;
  /** How the room stood before that was answered. */
  private outdated: Standing | null = null;

  constructor(
    private readonly operator: Operator,
    private readonly name: string,
    refused: () => void,
    private readonly stateChanged: (watched: Watched) => void,
  ) {
    this.watched = new Watched(name, operator, (news) => this.hear(news), refused);
    this.players = new PlayersView(this.playerActs());
    this.frames = new FramesView(this.watched);
    this.traffic = new TrafficView(this.watched);
    this.network = new NetworkView(operator, name);
    const panels = {
      Players: this.players.element,
      Frames: this.frames.element,
      Traffic: this.traffic.element,
      State: this.state.element,
      Network: this.network.element,
    };
    this.tabs = new Tabs("What to look at", panels, () => this.showAll());
    write(this.title, legible(name));
    this.error.setAttribute("role", "alert");
    this.ended.setAttribute("role", "alert");
    this.element.append(
      this.head(),
      this.ended,
      this.error,
      this.charts.element,
      this.tabs.list,
      ...Object.values(panels),
    );
    const { signal } = this.leaving;
    document.addEventListener("keydown", (event) => this.press(event), { signal });
    void this.watched.follow();
  }

  stop(): void {
    this.leaving.abort();
    this.watched.stop();
  }

  focus(): void {
    this.title.focus({ preventScroll: true });
  }

  /** The space bar pauses the frames, unless it has a meaning where the focus is. */
  private press(event: KeyboardEvent): void {
    const isTaken = event.target instanceof Element && event.target.closest(TAKES_SPACE);
    if (event.key !== " " || isTaken || !this.tabs.isOpen("Frames")) return;
    event.preventDefault(); // it would scroll
    this.frames.togglePause();
  }

  /** Draws what is new with the next picture: lines come faster than anybody looks. */
  private hear(news: News): void {
    if (news === "state") this.stateChanged(this.watched);
    this.changed.add(news);
    if (this.isDrawing) return;
    this.isDrawing = true;
    requestAnimationFrame(() => {
      this.isDrawing = false;
      const changed = [...this.changed];
      this.changed.clear();
      for (const each of changed) this.show(each);
    });
  }

  private showAll(): void {
    if (!this.tabs) return; // they open the first panel before this view is made
    for (const news of ["state", "room", "players", "frames", "rates"] as const) this.show(news);
    // Others may have changed the networks, by the command line or in a page of their own.
    if (this.tabs.isOpen("Network")) void this.network.refresh();
  }

  private show(news: News): void {
    const { watched, tabs } = this;
    if (news === "state") this.showState();
    if (news === "room" || news === "players") this.showRoom();
    if (news === "players") {
      this.network.showPlayers(watched.players);
      if (tabs.isOpen("Players")) this.players.show(watched.players, watched.standing?.host ?? 0);
    }
    if (news === "frames" && tabs.isOpen("Frames")) this.frames.show();
    if (news !== "rates") return;
    this.frames.learn(watched.series.byOpcode.map(({ op }) => op));
    this.charts.show(watched.series.samples);
    if (tabs.isOpen("Traffic")) this.traffic.show();
  }

  private showState(): void {
    const { state, why } = this.watched;
    write(this.ended, state === "ended" ? `This is over: ${legible(why)}.` : "");
    this.element.classList.toggle("is-over", state === "ended");
  }

  private showRoom(): void {
    const { standing, players } = this.watched;
    if (!standing) return;
    const { room } = standing;
    const shown = legible(room.title) || room.room;
    if (this.title.textContent !== shown) this.title.replaceChildren(words(shown));
    const parts = [
      shown !== room.room && room.room,
      `${room.players} of ${room.capacity} players`,
      `seq ${standing.seq.toLocaleString("en")}`,
      !room.public && "hidden",
      room.password && "password",
    ];
    write(this.about, parts.filter(Boolean).join(" · "));
    if (!this.isLocking && standing !== this.outdated) this.lock.checked = room.locked;
    if (this.tabs.isOpen("State")) this.state.show(standing, players);
  }

  // What may be done.

  private head(): HTMLElement {
    const locked = make("label", { className: "check" }, this.lock, " Locked");
    this.lock.addEventListener("change", () => void this.setLock());
    const close = make("button", { type: "button", className: "danger" }, "Close the room");
    close.addEventListener("click", () => void this.close());
    const outside = make("button", { type: "button", className: "quiet" }, "Not let in");
    outside.addEventListener("click", () => {
      void this.act(() => tellOutside(this.operator, this.name));
    });
    const open = make(
      "a",
      {
        className: "button quiet",
        href: new URL(`r/${encodeURIComponent(this.name)}`, document.baseURI).href,
      },
      "Its page",
    );
    const named = make("div", {}, this.title, this.about);
    const acts = [locked, outside, open, close];
    return make("header", { className: "room-head" }, named, this.saying(), ...acts);
  }

  private async setLock(): Promise<void> {
    this.isLocking = true;
    await this.act(() => this.operator.lock(this.name, this.lock.checked));
    this.isLocking = false;
    this.outdated = this.watched.standing;
  }

  private saying(): HTMLElement {
    const text = make("input", {
      maxLength: LONGEST_SAID,
      placeholder: "Say something to all players",
      ariaLabel: "Say something to all players",
    });
    const told = make("p", { className: "note" });
    told.setAttribute("role", "status");
    const form = make("form", { className: "say" }, text, make("button", {}, "Say"), told);
    text.addEventListener("input", () => write(told, ""));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.say(text, told);
    });
    return form;
  }

  private async say(text: HTMLInputElement, told: HTMLElement): Promise<void> {
    const said = text.value.trim();
    write(told, "");
    if (!said || !(await this.act(() => this.operator.say(this.name, said)))) return;
    text.value = "";
    write(told, `Said to all players: ${legible(said)}`);
  }

  private async close(): Promise<void> {
    const text = "All players are sent away, and what the room remembers is gone.";
    const answer = await askFor({
      title: `Close room ${legible(this.name)}?`,
      text,
      ok: "Close it",
    });
    if (answer !== null) await this.act(() => this.operator.close(this.name));
  }

  private playerActs(): PlayerActs {
    return {
      why: (overview) => void this.explain(overview),
      makeHost: ({ player }) => void this.act(() => this.operator.makeHost(this.name, player)),
      kick: (overview) => void this.kick(overview),
    };
  }

  private async kick({ player, name }: PlayerOverview): Promise<void> {
    const title = `Kick ${isolated(nameOf({ name, number: player }))}?`;
    const reason = await askFor({
      title,
      label: "Why? They are shown it.",
      longest: LONGEST_REASON,
      ok: "Kick",
    });
    if (reason !== null) await this.act(() => this.operator.kick(this.name, player, reason));
  }

  private async explain({ player, name }: PlayerOverview): Promise<void> {
    await this.act(async () => {
      const told = await this.operator.why(this.name, player);
      const { reasons, is_there: isThere, overview, rejected = [] } = told;
      const none = isThere
        ? "The relay knows of nothing that is wrong."
        : "They are not in the room any more.";
      const list = reasons.length ? reasonsOf(reasons) : make("p", {}, none);
      const title = `Why may ${isolated(nameOf({ name, number: player }))} see nothing, or late?`;
      await tell(title, list, ...refusalsOf(overview), ...rejectedOf(rejected));
    });
  }

  /** Does something, and shows why it was refused, if it was. Returns whether it is done. */
  private async act(doing: () => Promise<unknown>): Promise<boolean> {
    write(this.error, "");
    try {
      await doing();
      return true;
    } catch (error) {
      write(this.error, legible(error instanceof Error ? error.message : String(error)));
      this.lock.checked = this.watched.standing?.room.locked ?? false;
      return false;
    }
  }
}
