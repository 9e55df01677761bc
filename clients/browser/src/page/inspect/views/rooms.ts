// The list of all rooms, hidden ones too.

import { make, words, write } from "../../dom.js";
import { legible } from "../../legible.js";
import type { RoomInfo } from "../answers.js";
import type { Operator } from "../operator.js";
import { tellOutside } from "./refusals.js";

const REFRESH_MS = 3000;

export class RoomsView {
  readonly element = make("section", { className: "card rooms", ariaLabel: "Rooms" });
  private readonly search = make("input", {
    type: "search",
    placeholder: "Find a room",
    ariaLabel: "Find a room",
  });
  private readonly count = make("p", { className: "note" });
  private readonly list = make("ul", { className: "room-list" });
  private readonly links = new Map<string, HTMLAnchorElement>();
  private rooms: readonly RoomInfo[] = [];
  private timer = 0;

  constructor(
    private readonly operator: Operator,
    private readonly failed: (error: unknown) => void,
    private readonly answered: () => void,
  ) {
    this.count.setAttribute("role", "status");
    const outside = make("button", { type: "button", className: "quiet" }, "Who did not get in?");
    outside.addEventListener("click", () => void tellOutside(operator).catch(failed));
    this.element.append(this.search, this.count, this.list, outside);
    this.search.addEventListener("input", () => this.show());
  }

  begin(): void {
    void this.refresh();
    this.timer = window.setInterval(() => {
      if (!document.hidden) void this.refresh();
    }, REFRESH_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async refresh(): Promise<void> {
    try {
      this.rooms = await this.operator.rooms();
      this.show();
      this.answered();
    } catch (error) {
      this.failed(error);
    }
  }

  /** A link lives as long as its room, so that it keeps the focus. */
  private show(): void {
    const wanted = this.search.value.trim().toLowerCase();
    const shown = this.rooms.filter(({ room, title, app }) =>
      `${room} ${title} ${app}`.toLowerCase().includes(wanted),
    );
    const names = new Set(shown.map(({ room }) => room));
    for (const [name, link] of this.links) if (!names.has(name)) this.remove(name, link);
    const order = shown.map((room) => this.linkTo(room).parentElement!);
    if (order.some((each, index) => this.list.children[index] !== each)) this.list.append(...order);
    const all = this.rooms.length === 1 ? "1 room" : `${this.rooms.length} rooms`;
    const some = shown.length === this.rooms.length ? all : `${shown.length} of ${all}`;
    write(
      this.count,
      this.rooms.length ? some : "There are no rooms. Enter one, and it is shown here.",
    );
  }

  private linkTo(room: RoomInfo): HTMLAnchorElement {
    const link = this.links.get(room.room) ?? this.made(room.room);
    const flags = [!room.public && "hidden", room.locked && "locked", room.password && "password"];
    const about = [
      room.host === null ? "no host" : `host: ${legible(room.host) || "without a name"}`,
      room.app,
      ...flags,
    ];
    const text = JSON.stringify(room);
    if (link.dataset["told"] === text) return link;
    link.dataset["told"] = text;
    link.replaceChildren(
      make("b", {}, words(room.title || room.room)),
      make("span", { className: "places" }, `${room.players} / ${room.capacity}`),
      make(
        "small",
        {},
        room.title ? `${room.room} · ` : "",
        words(about.filter(Boolean).join(" · ")),
      ),
    );
    return link;
  }

  private made(name: string): HTMLAnchorElement {
    const link = make("a", { href: `inspect#room=${encodeURIComponent(name)}` });
    this.links.set(name, link);
    make("li", {}, link);
    return link;
  }

  private remove(name: string, link: HTMLAnchorElement): void {
    link.parentElement?.remove();
    this.links.delete(name);
  }
}
