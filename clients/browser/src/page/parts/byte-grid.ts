// The bytes of a message in rows, as hex and as the text that they may be.

import type { Decoded, Fault } from "../decode/decoded.js";
import { hexOfByte } from "../decode/hex.js";
import { characterOf, counted } from "../decode/words.js";
import { make } from "../dom.js";

/** Bytes that are shown at first: a page with many more elements is slow. */
const MOST = 4096;

/** Characters of an offset and what stands after it, before a row's first byte. */
const BEFORE = 7;

export class ByteGrid {
  readonly element = make("div", { className: "bytes", tabIndex: 0 });
  private message: Decoded | null = null;
  private cells: HTMLElement[][] = [];
  private marked: HTMLElement[] = [];
  private columns = 16;
  private isWhole = false;

  constructor() {
    this.element.setAttribute("role", "group");
    this.element.ariaLabel = "Bytes. The arrow keys go from byte to byte.";
  }

  /** Shows a message, in rows of so many bytes. */
  show(message: Decoded | null, columns: number): void {
    this.isWhole &&= message === this.message;
    this.message = message;
    this.columns = columns;
    this.cells = [];
    this.marked = [];
    this.element.replaceChildren();
    if (message) this.fill(message);
  }

  /** The byte that an element stands for; null for none. */
  byteOf(target: EventTarget | null): number | null {
    const at = target instanceof HTMLElement ? target.dataset["at"] : undefined;
    return at === undefined ? null : Number(at);
  }

  /** The byte to which a key leads from another; null if it leads nowhere. */
  step(key: string, from: number): number | null {
    const last = Math.min(this.message?.data.length ?? 0, this.shown) - 1;
    const ways: Readonly<Record<string, number>> = {
      ArrowLeft: from - 1,
      ArrowRight: from + 1,
      ArrowUp: from - this.columns,
      ArrowDown: from + this.columns,
      Home: 0,
      End: last,
    };
    const to = ways[key];
    return to === undefined || to < 0 || to > last ? null : to;
  }

  /** Marks bytes: those before `body` are a head. `cursor` is the one that keys are at. */
  mark(start: number, body: number, end: number, cursor: number | null): void {
    for (const cell of this.marked) cell.classList.remove("is-marked", "is-head", "is-cursor");
    this.marked = this.cells.slice(start, end).flat();
    for (const cell of this.marked) cell.classList.add("is-marked");
    for (const cell of this.cells.slice(start, Math.min(body, end)).flat())
      cell.classList.add("is-head");
    const at = cursor === null ? [] : (this.cells[cursor] ?? []);
    for (const cell of at) cell.classList.add("is-cursor");
    this.marked.push(...at);
  }

  /** Scrolls within the grid only, so that the page stays where it is. */
  reveal(at: number): void {
    const [cell] = this.cells[at] ?? [];
    const row = cell?.closest<HTMLElement>(".row");
    if (!row) return;
    const { element } = this;
    if (row.offsetTop < element.scrollTop) element.scrollTop = row.offsetTop;
    const below = row.offsetTop + row.offsetHeight - element.clientHeight;
    if (below > element.scrollTop) element.scrollTop = below;
  }

  /** How many bytes are shown; the one to blame is always among them. */
  private get shown(): number {
    if (this.isWhole) return Infinity;
    return Math.max(MOST, (this.message?.fault?.offset ?? 0) + 1);
  }

  private fill(message: Decoded): void {
    const { data, fault } = message;
    const shown = Math.min(data.length, this.shown);
    for (let at = 0; at < shown; at += this.columns) {
      this.element.append(this.row(data.subarray(at, Math.min(at + this.columns, shown)), at));
      if (fault && isIn(fault, at, this.columns)) this.element.append(this.blame(fault, at));
    }
    const isAfterAll = fault && fault.offset === data.length && data.length % this.columns === 0;
    if (isAfterAll)
      this.element.append(this.row(new Uint8Array(), data.length), this.blame(fault, data.length));
    if (shown < data.length) this.element.append(this.more(message));
    if (fault) for (const cell of this.cells[fault.offset] ?? []) cell.classList.add("is-blamed");
  }

  private row(piece: Uint8Array, start: number): HTMLElement {
    const cells = make("span", { className: "cells" });
    const text = make("span", { className: "text" });
    for (const [index, byte] of piece.entries()) {
      const pair = [make("i", {}, hexOfByte(byte)), make("i", {}, characterOf(byte))];
      for (const cell of pair) cell.dataset["at"] = String(start + index);
      this.cells[start + index] = pair;
      cells.append(pair[0]!);
      text.append(pair[1]!);
    }
    cells.style.minWidth = `${3 * this.columns}ch`;
    const offset = make("span", { className: "offset" }, String(start));
    return make("div", { className: "row" }, offset, cells, text);
  }

  /** A mark under the byte that is wrong, and what is wrong with it. */
  private blame(fault: Fault, start: number): HTMLElement {
    const mark = make("span", { className: "caret", ariaHidden: "true" }, "^^");
    mark.style.marginLeft = `${BEFORE + 3 * (fault.offset - start)}ch`;
    const wanted = fault.expected ? `: expected ${fault.expected}, got ${fault.got}` : "";
    const said = `${fault.code} at ${fault.offset}: ${fault.text}${wanted}`;
    const rule = fault.rule ? [" · ", make("b", {}, `SPEC ${fault.rule}`)] : [];
    return make("div", { className: "blame" }, mark, make("p", {}, said, ...rule));
  }

  private more(message: Decoded): HTMLElement {
    const button = make(
      "button",
      { className: "small" },
      `Show all ${counted(message.data.length, "byte")}`,
    );
    button.addEventListener("click", () => {
      this.isWhole = true;
      this.show(message, this.columns);
      this.element.focus();
    });
    return button;
  }
}

const isIn = ({ offset }: Fault, start: number, many: number): boolean =>
  offset >= start && offset < start + many;
