// The stream of frames: filters, pause, search, and any frame as hex and tree.

import { type Decoded, decode } from "../../decode/decoded.js";
import type { Hearers } from "../../decode/named-arguments.js";
import { counted } from "../../decode/words.js";
import { hexOf } from "../../decode/hex.js";
import { make, write } from "../../dom.js";
import { copyAs } from "../../parts/copy-as.js";
import { FrameView } from "../../parts/frame-view.js";
import { VirtualList } from "../../parts/virtual-list.js";
import { type Seen, bytesOfFrame, summary } from "../seen.js";
import { timeOfDay } from "../units.js";
import type { Watched } from "../watched.js";

/** Pixels of a row: of one line, and of the two that a phone has. */
const ROW = 26;
const ROW_OF_TWO = 46;
const PHONE = matchMedia("(max-width: 48rem)");

export class FramesView {
  readonly element = make("div", { className: "frames" });
  private readonly op = make(
    "select",
    { ariaLabel: "Opcode" },
    make("option", { value: "" }, "all opcodes"),
  );
  private readonly from = make("input", {
    type: "number",
    min: "1",
    placeholder: "player",
    ariaLabel: "From player",
    className: "number",
  });
  private readonly search = make("input", {
    type: "search",
    placeholder: "Search what frames say",
    ariaLabel: "Search what frames say",
  });
  private readonly pause = make("button", { type: "button" }, "Pause");
  private readonly status = make("p", { className: "note" });
  private readonly view = new FrameView();
  private readonly detail = make("section", {
    className: "detail",
    ariaLabel: "The chosen frame",
    hidden: true,
  });
  private readonly list: VirtualList;
  private readonly ops = new Set<string>();
  private chosen: Seen | null = null;
  private message: Decoded | null = null;

  constructor(private readonly watched: Watched) {
    const { seen } = watched;
    this.list = new VirtualList({
      label: "Frames",
      get height() {
        return PHONE.matches ? ROW_OF_TWO : ROW;
      },
      count: () => seen.shown.length,
      fill: (row, index) => this.fill(row, seen.shown[index]!),
      choose: (index) => this.choose(seen.shown[index]!),
    });
    this.status.setAttribute("role", "status");
    const clear = make("button", { type: "button", className: "quiet" }, "Clear");
    clear.addEventListener("click", () => this.clear());
    const tools = make(
      "div",
      { className: "controls" },
      this.op,
      this.from,
      this.search,
      this.pause,
      clear,
    );
    const copies = copyAs(
      () => this.message,
      () => hearersOf(this.chosen),
    );
    copies.append(this.inDecoder());
    this.detail.append(copies, this.view.element);
    this.element.append(tools, this.status, this.list.element, this.detail);
    this.listen();
  }

  /** Shows what there is. Call it while the view is visible. */
  show(): void {
    const { seen } = this.watched;
    const isAtEnd = this.list.isAtEnd;
    this.list.mark(this.placeOf(this.chosen));
    if (isAtEnd && !seen.isPaused) this.list.scrollToEnd();
    write(this.status, this.counts());
    this.list.element.dataset["none"] = seen.shown.length ? "" : NOTHING[seen.count ? "hit" : "seen"];
  }

  private counts(): string {
    const { shown, count, skipped, isPaused, missed } = this.watched.seen;
    const told = [`${shown.length.toLocaleString("en")} of ${counted(count, "frame")}`];
    if (skipped) told.push(`${skipped.toLocaleString("en")} more were too many to show`);
    if (isPaused) told.push(`paused: ${missed.toLocaleString("en")} came since`);
    return told.join("; ");
  }

  /** Learns which opcodes there are. */
  learn(ops: Iterable<string>): void {
    for (const op of ops) {
      if (this.ops.has(op)) continue;
      this.ops.add(op);
      this.op.append(make("option", { value: op }, op));
    }
  }

  private listen(): void {
    const ask = (): void => {
      const from = this.from.valueAsNumber;
      this.watched.seen.ask({
        op: this.op.value,
        from: Number.isInteger(from) ? from : null,
        text: this.search.value.toLowerCase(),
      });
      if (this.placeOf(this.chosen) < 0) this.forget();
      this.show();
    };
    for (const field of [this.op, this.from, this.search]) field.addEventListener("input", ask);
    this.pause.addEventListener("click", () => this.togglePause());
  }

  /** Pauses, or goes on. */
  togglePause(): void {
    this.setPaused(!this.watched.seen.isPaused);
  }

  private setPaused(isPaused: boolean): void {
    this.watched.seen.pause(isPaused);
    this.pause.textContent = isPaused ? "Go on" : "Pause";
    this.pause.classList.toggle("primary", isPaused);
    this.show();
    if (!isPaused) this.list.scrollToEnd();
  }

  private clear(): void {
    this.watched.seen.clear();
    this.forget();
    this.show();
  }

  /** Shows none in detail: what was chosen is not among the frames that are asked for. */
  private forget(): void {
    this.chosen = this.message = null;
    this.detail.hidden = true;
  }

  private fill(row: HTMLElement, frame: Seen): void {
    const from = frame.from === null ? "" : this.watched.who(frame.from);
    const held = `${frame.id} ${from}`;
    if (row.dataset["frame"] === held) return;
    row.dataset["frame"] = held;
    row.replaceChildren(
      make("span", { className: "at" }, timeOfDay(frame.at)),
      make("span", { className: "seq" }, frame.seq === null ? "volatile" : String(frame.seq)),
      make("span", { className: "op" }, frame.op),
      make("bdi", { className: "from", dir: "ltr" }, from),
      make("bdi", { className: "to" }, this.addressees(frame)),
      make("span", { className: "size" }, `${frame.size} B`),
      make("bdi", { className: "says" }, summary(frame)),
    );
  }

  private choose(frame: Seen): void {
    this.chosen = frame;
    this.message = decode(bytesOfFrame(frame), "relay");
    this.detail.hidden = false;
    this.view.show(this.message);
  }

  /** Frames are in the order of their numbers. */
  private placeOf(frame: Seen | null): number {
    const { shown } = this.watched.seen;
    if (!frame) return -1;
    const first = shown[0]?.id ?? 0;
    if (frame.id < first) return -1;
    return shown.findIndex(({ id }) => id === frame.id);
  }

  private addressees({ to, group }: Seen): string {
    if (typeof to === "string") return `to ${to}`;
    const who = (number: number): string => this.watched.who(number);
    const named = to.slice(0, MOST_NAMED).map(who).join(", ");
    const more = to.length > MOST_NAMED ? `, and ${to.length - MOST_NAMED} more` : "";
    const whom = group === undefined ? "" : `group ${group}: `;
    return `to ${whom}${named || "nobody"}${more}`;
  }

  /** A link that opens the chosen frame in the decoder. */
  private inDecoder(): HTMLElement {
    const link = make(
      "a",
      { href: "decode", target: "_blank", className: "note" },
      "Open in the decoder",
    );
    link.addEventListener("click", () => {
      if (this.message) link.href = `decode#by=relay&hex=${hexOf(this.message.data)}`;
    });
    return link;
  }
}

const hearersOf = (frame: Seen | null): Hearers | null =>
  frame && (frame.group === undefined ? frame.to : { group: frame.group });

const MOST_NAMED = 4;

/** What stands in the list where no frame does. */
const NOTHING = {
  seen: "No frame came yet.",
  hit: "No frame is as asked: mind the opcode, the player and the search.",
} as const;
