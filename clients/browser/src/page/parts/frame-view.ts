// One message as hex and as a tree, side by side: what is looked at in one is marked in the other.

import type { Decoded } from "../decode/decoded.js";
import { type Node, wayTo } from "../decode/tree.js";
import { counted, plain, title } from "../decode/words.js";
import { make, words } from "../dom.js";
import { ByteGrid } from "./byte-grid.js";

/** Width in pixels from which a row has 16 bytes. */
const WIDE = 1000;

interface Item {
  readonly node: Node;
  readonly element: HTMLElement;
  readonly parent: Item | null;
}

export class FrameView {
  readonly element = make("div", { className: "frame-view" });
  private readonly title = make("h3", { className: "frame-title" });
  private readonly grid = new ByteGrid();
  private readonly tree = make("div", { className: "tree" });
  private readonly place = make("p", { className: "place" });
  private message: Decoded | null = null;
  private items: Item[] = [];
  private pinned: Item | null = null;
  private cursor: number | null = null;
  private isWide = true;

  constructor() {
    this.tree.setAttribute("role", "tree");
    this.tree.ariaLabel = "Values";
    this.place.setAttribute("role", "status");
    const panes = make("div", { className: "panes" }, this.grid.element, this.tree);
    this.element.append(this.title, panes, this.place);
    this.listen();
    new ResizeObserver(() => {
      const isWide = this.element.clientWidth >= WIDE;
      if (isWide === this.isWide) return;
      this.isWide = isWide;
      this.grid.show(this.message, this.columns);
      this.mark(this.pinned, this.cursor);
    }).observe(this.element);
  }

  show(message: Decoded | null): void {
    this.message = message;
    this.pinned = this.cursor = null;
    this.items = [];
    this.title.textContent = message ? title(message) : "";
    this.title.classList.toggle("is-bad", message?.fault != null);
    this.grid.show(message, this.columns);
    for (const node of message?.nodes ?? []) this.add(node, null, 1);
    this.tree.replaceChildren(...this.items.map(({ element }) => element));
    if (this.items[0]) this.items[0].element.tabIndex = 0;
    this.mark(null);
    if (message?.fault) this.grid.reveal(message.fault.offset);
  }

  private get columns(): number {
    return this.isWide ? 16 : 8;
  }

  private add(node: Node, parent: Item | null, level: number): void {
    const element = make("div", { className: "item", tabIndex: -1 }, ...said(node));
    element.setAttribute("role", "treeitem");
    element.ariaLevel = String(level);
    element.style.setProperty("--level", String(level - 1));
    element.dataset["item"] = String(this.items.length);
    if (this.isBlamed(node)) element.classList.add("is-blamed");
    const item = { node, element, parent };
    this.items.push(item);
    for (const child of node.children) this.add(child, item, level + 1);
  }

  /** Whether the fault lies here and in none of the values within. */
  private isBlamed(node: Node): boolean {
    const fault = this.message?.fault;
    return fault ? wayTo(this.message!.nodes, fault.offset).at(-1) === node : false;
  }

  private listen(): void {
    const { grid, tree } = this;
    grid.element.addEventListener("pointerover", ({ target }) => {
      const at = grid.byteOf(target);
      if (at !== null) this.mark(this.itemAt(at), at);
    });
    grid.element.addEventListener("click", ({ target }) => {
      const at = grid.byteOf(target);
      if (at !== null) this.pin(this.itemAt(at), at);
    });
    grid.element.addEventListener("keydown", (event) => {
      const at = grid.step(event.key, this.cursor ?? -1);
      if (at === null || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      grid.reveal(at);
      this.pin(this.itemAt(at), at);
    });
    tree.addEventListener("pointerover", ({ target }) => this.mark(this.itemOf(target)));
    tree.addEventListener("focusin", ({ target }) => this.choose(this.itemOf(target)));
    tree.addEventListener("keydown", (event) => {
      const next = this.step(event.key, this.itemOf(event.target));
      if (!next || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      next.element.focus();
    });
    for (const pane of [grid.element, tree]) {
      pane.addEventListener("pointerleave", () => this.mark(this.pinned, this.cursor));
    }
  }

  private choose(item: Item | null): void {
    if (!item) return;
    for (const { element } of this.items) element.tabIndex = -1;
    item.element.tabIndex = 0;
    this.grid.reveal(item.node.start);
    this.pin(item, null);
  }

  private pin(item: Item | null, at: number | null): void {
    this.pinned = item;
    this.cursor = at;
    this.mark(item, at);
    if (at !== null) item?.element.scrollIntoView({ block: "nearest" });
  }

  private mark(item: Item | null, at: number | null = null): void {
    for (const { element } of this.items) element.classList.remove("is-marked");
    item?.element.classList.add("is-marked");
    const { start, body, end } = item?.node ?? { start: 0, body: 0, end: 0 };
    this.grid.mark(start, body, end, at);
    this.place.textContent = item ? this.inWords(item.node, at) : "";
  }

  private inWords({ start, body, end, name, kind }: Node, at: number | null): string {
    const where =
      at === null ? "" : `Byte ${at} is ${at < body ? "in the head" : "in the body"} of `;
    const size = `${counted(body - start, "byte")} of head, ${counted(end - body, "byte")} of body`;
    return `${where}${name || kind}: ${start} to ${end}, ${size}`;
  }

  private itemAt(at: number): Item | null {
    const node = wayTo(this.message?.nodes ?? [], at).at(-1);
    return this.items.find((item) => item.node === node) ?? null;
  }

  private itemOf(target: EventTarget | null): Item | null {
    const element = target instanceof Element ? target.closest<HTMLElement>("[data-item]") : null;
    return element ? (this.items[Number(element.dataset["item"])] ?? null) : null;
  }

  private step(key: string, from: Item | null): Item | null {
    if (!from) return null;
    const index = this.items.indexOf(from);
    switch (key) {
      case "ArrowDown":
        return this.items[index + 1] ?? null;
      case "ArrowUp":
        return this.items[index - 1] ?? null;
      case "ArrowLeft":
        return from.parent;
      case "ArrowRight":
        return from.node.children.length > 0 ? (this.items[index + 1] ?? null) : null;
      case "Home":
        return this.items[0] ?? null;
      case "End":
        return this.items.at(-1) ?? null;
      default:
        return null;
    }
  }
}

/** A line of the tree. */
function said(node: Node): HTMLElement[] {
  const { name, isKey, means, note, kind } = node;
  const shown = [make("span", { className: `value is-${kind}` }, plain(node))];
  if (isKey) shown.unshift(make("span", { className: "dim" }, "key "));
  else if (name) shown.unshift(make("span", { className: "name" }, words(name), ": "));
  if (means) shown.push(make("span", { className: "means" }, ` ${means}`));
  if (note) shown.push(make("span", { className: "remark" }, ` ← ${note}`));
  return shown;
}
