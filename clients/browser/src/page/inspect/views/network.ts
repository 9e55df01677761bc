// Players' networks, made worse on purpose: profiles, sliders, and what is applied.

import { make, nameOf, write } from "../../dom.js";
import type { PlayerOverview, RoomConditions, Shape, Way } from "../answers.js";
import type { Operator } from "../operator.js";
import { Slider } from "./slider.js";

type Direction = "down" | "up";

/** By the relay's names of them; how they are shown, the most that the slider offers, its step. */
const SLIDERS: readonly (readonly [string, string, number, number, string])[] = [
  ["lag_ms", "Lag", 1000, 5, "ms"],
  ["jitter_ms", "Jitter, on top of it", 1000, 5, "ms"],
  ["stall_every_s", "Stands still, every", 120, 1, "s"],
  ["stall_s", "Stands still, for", 10, 0.5, "s"],
  ["cut_every_s", "Cut, every so long", 300, 5, "s"],
  ["cut_every_frames", "Cut, every so many", 2000, 10, "frames"],
  ["bytes_per_second", "Bandwidth, 0: no limit", 500_000, 1000, "B/s"],
  ["loss", "Loss, of volatile values", 0.5, 0.01, "%"],
  ["duplication", "Duplicates of them", 0.5, 0.01, "%"],
  ["reordering", "Out of order, of them", 0.5, 0.01, "%"],
];

const CUSTOM = "custom";

export class NetworkView {
  readonly element = make("div", { className: "network" });
  private readonly applied = make("ul", { className: "applied" });
  private readonly player = make("select");
  private readonly direction = make(
    "select",
    {},
    option("both", "both ways"),
    option("down", "to the player"),
    option("up", "from the player"),
  );
  private readonly profile = make("select", {}, option(CUSTOM, "as the sliders say"));
  private readonly seed = make("input", { type: "number", min: "0", step: "1", value: "42" });
  private readonly freeze = make("input", { type: "checkbox" });
  private readonly sliders = SLIDERS.map((given) => new Slider(...given));
  private readonly error = make("p", { className: "error" });
  private known: RoomConditions = { shapes: [], profiles: {} };
  private who = "";

  constructor(
    private readonly operator: Operator,
    private readonly room: string,
  ) {
    this.error.setAttribute("role", "alert");
    const now = make("section", { className: "card" }, make("h3", {}, "Applied"), this.applied);
    this.element.append(now, this.form());
    this.profile.addEventListener("input", () =>
      this.fill(this.known.profiles[this.profile.value] ?? {}),
    );
    for (const slider of this.sliders) slider.changed = () => (this.profile.value = CUSTOM);
    this.freeze.addEventListener("input", () => (this.profile.value = CUSTOM));
    this.showPlayers([]);
    this.show(this.known);
  }

  async refresh(): Promise<void> {
    await this.attempt(() => this.operator.conditions(this.room));
  }

  /** Offers the players who are here; what is chosen stays. */
  showPlayers(players: readonly PlayerOverview[]): void {
    const who = players.map(({ player, name }) => `${player} ${name}`).join();
    if (who === this.who && this.player.options.length) return;
    this.who = who;
    const chosen = this.player.value;
    const named = players.map(({ player, name }) =>
      option(String(player), `#${player} ${nameOf({ name, number: player })}`),
    );
    this.player.replaceChildren(option("", "everybody"), ...named);
    this.player.value = chosen;
    // Everybody in the place of one who is gone would be far more than was asked for.
    const isGone = this.player.selectedIndex < 0;
    if (isGone) {
      this.player.append(option(chosen, `#${chosen}, who is gone`));
      this.player.value = chosen;
    }
    this.player.setCustomValidity(isGone ? "They are gone. Choose whose network it is." : "");
  }

  private form(): HTMLElement {
    const apply = make("button", { className: "primary" }, "Apply");
    const clear = make("button", { type: "button" }, "All as they are");
    clear.addEventListener("click", () => void this.clear());
    const chosen = make(
      "div",
      { className: "controls" },
      make("label", {}, "Whose ", this.player),
      make("label", {}, "Which way ", this.direction),
      make("label", {}, "Profile ", this.profile),
      make("label", {}, "Seed ", this.seed),
    );
    const frozen = make(
      "label",
      { className: "check" },
      this.freeze,
      " Frozen: nothing comes through",
    );
    const form = make(
      "form",
      { className: "card" },
      make("h3", {}, "Make a network worse"),
      make(
        "p",
        { className: "note" },
        "The same seed lets the same frames meet the same fate. What is reliable may be late; " +
          "it is never lost. The players are told.",
      ),
      chosen,
      make("div", { className: "sliders" }, ...this.sliders.map(({ element }) => element)),
      frozen,
      make("p", { className: "actions" }, apply, clear),
      this.error,
    );
    this.player.addEventListener("change", () => this.player.setCustomValidity(""));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.apply();
    });
    return form;
  }

  private fill(way: Way): void {
    for (const slider of this.sliders) slider.value = Number(way[slider.name] ?? 0);
    this.freeze.checked = way["freeze"] === true;
  }

  /** What the form says: a profile's name, or numbers; null where nothing is to happen. */
  private get wanted(): string | Way | null {
    if (this.profile.value !== CUSTOM) return this.profile.value;
    const numbers = this.sliders
      .filter(({ value }) => value > 0)
      .map(({ name, value }) => [name, value] as const);
    const way = Object.fromEntries<number | boolean>(numbers);
    if (this.freeze.checked) way["freeze"] = true;
    return Object.keys(way).length ? way : null;
  }

  /** The other direction stays as it is. */
  private async apply(): Promise<void> {
    const player = this.player.value ? Number(this.player.value) : null;
    const before = this.known.shapes.find((shape) => shape.player === player);
    const way = (direction: Direction): string | Way | null =>
      [direction, "both"].includes(this.direction.value)
        ? this.wanted
        : kept(before?.[direction] ?? null);
    const seed = Math.max(0, Math.trunc(this.seed.valueAsNumber || 0));
    await this.attempt(() =>
      this.operator.shape(this.room, { player, down: way("down"), up: way("up"), seed }),
    );
  }

  private async remove({ player, seed }: Shape): Promise<void> {
    await this.attempt(() =>
      this.operator.shape(this.room, { player, down: null, up: null, seed }),
    );
  }

  private async clear(): Promise<void> {
    await this.attempt(async () => {
      await this.operator.clearConditions(this.room);
      return this.operator.conditions(this.room);
    });
  }

  private async attempt(act: () => Promise<RoomConditions>): Promise<void> {
    write(this.error, "");
    try {
      this.show(await act());
    } catch (error) {
      write(this.error, error instanceof Error ? error.message : String(error));
    }
  }

  private show(known: RoomConditions): void {
    this.known = known;
    const names = Object.keys(known.profiles);
    if (this.profile.options.length !== names.length + 1) {
      this.profile.replaceChildren(
        option(CUSTOM, "as the sliders say"),
        ...names.map((name) => option(name, name)),
      );
    }
    const rows = known.shapes.map((shape) => {
      const button = make("button", { type: "button", className: "small" }, "Remove");
      const whose = shape.player === null ? "everybody" : `#${shape.player}`;
      button.ariaLabel = `Remove what is applied to ${whose}`;
      button.addEventListener("click", () => void this.remove(shape));
      return make("li", {}, make("b", {}, whose), `: ${shape.text} `, button);
    });
    this.applied.replaceChildren(
      ...(rows.length
        ? rows
        : [make("li", { className: "note" }, "Nothing: all networks are as they are.")]),
    );
  }
}

/** A direction as it is put again: by its profile's name, or by its numbers. */
function kept(way: Way | null): string | Way | null {
  if (!way) return null;
  const { name, ...numbers } = way;
  return typeof name === "string" && name ? name : numbers;
}

const option = (value: string, text: string): HTMLOptionElement => make("option", { value }, text);
