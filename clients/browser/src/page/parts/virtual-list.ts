// A list of which only the visible rows are elements, so that a hundred thousand cost as a hundred.

import { make } from "../dom.js";

const SPARE = 4;
/** Browsers stop at some height of an element; this is far below it. */
const HIGHEST = 8_000_000;

/** What a list shows. Rows are told apart by their place. */
export interface Rows {
  readonly label: string;
  /** Pixels of a row, all of one height. It may change with the window. */
  readonly height: number;
  count(): number;
  /** Fills an element with a row. It may have held another one. */
  fill(row: HTMLElement, index: number): void;
  /** Called when a row is chosen, by a click or by keys. */
  choose(index: number): void;
}

export class VirtualList {
  readonly element = make("div", { className: "list", tabIndex: 0 });
  private readonly space = make("div", { className: "space" });
  private readonly pool: HTMLElement[] = [];
  private chosen = -1;

  constructor(private readonly rows: Rows) {
    this.element.setAttribute("role", "listbox");
    this.element.ariaLabel = rows.label;
    this.element.append(this.space);
    this.element.addEventListener("scroll", () => this.refresh(), { passive: true });
    this.element.addEventListener("click", (event) => this.click(event));
    this.element.addEventListener("keydown", (event) => this.press(event));
    new ResizeObserver(() => this.refresh()).observe(this.element);
  }

  /** Whether the end is in sight, so that a list that grows goes along. */
  get isAtEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < 2 * this.rows.height;
  }

  /** Shows what there is. Call it when rows were added, removed or changed. */
  refresh(): void {
    const { height } = this.rows;
    const count = this.rows.count();
    this.space.style.height = `${Math.min(count * height, HIGHEST)}px`;
    const first = Math.max(0, Math.floor(this.element.scrollTop / height) - SPARE);
    const many = Math.min(count - first, Math.ceil(this.element.clientHeight / height) + 2 * SPARE);
    for (let place = 0; place < Math.max(many, this.pool.length); place++) {
      this.show(place, place < many ? first + place : null);
    }
    this.element.setAttribute("aria-activedescendant", this.idOf(this.chosen));
  }

  scrollToEnd(): void {
    this.element.scrollTop = this.element.scrollHeight;
  }

  /** Marks a row as chosen; -1 for none. Rows that go away at the front make it a lower one. */
  mark(index: number): void {
    this.chosen = index;
    this.refresh();
  }

  private show(place: number, index: number | null): void {
    const row = (this.pool[place] ??= this.made());
    row.hidden = index === null;
    if (index === null) return;
    row.style.top = `${index * this.rows.height}px`;
    row.style.height = `${this.rows.height}px`;
    row.id = this.idOf(index);
    row.ariaSelected = String(index === this.chosen);
    row.dataset["index"] = String(index);
    this.rows.fill(row, index);
  }

  private made(): HTMLElement {
    const row = make("div", { className: "list-row" });
    row.setAttribute("role", "option");
    this.space.append(row);
    return row;
  }

  private idOf = (index: number): string =>
    index < 0 ? "" : `${this.rows.label}-${index}`.replace(/\s/g, "-");

  // By its place: the row's element may show another row since the button went down.
  private click({ clientY }: MouseEvent): void {
    const { top } = this.space.getBoundingClientRect();
    this.choose(Math.floor((clientY - top) / this.rows.height));
  }

  private press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.rows.height) - 1);
    const ways: Readonly<Record<string, number>> = {
      ArrowUp: this.chosen - 1,
      ArrowDown: this.chosen + 1,
      PageUp: this.chosen - page,
      PageDown: this.chosen + page,
      Home: 0,
      End: this.rows.count() - 1,
    };
    const to = ways[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.choose(Math.min(Math.max(to, 0), this.rows.count() - 1));
  }

  private choose(index: number): void {
    if (index < 0 || index >= this.rows.count()) return;
    this.chosen = index;
    this.rows.choose(index); // first, as what it shows may leave the list less room
    this.reveal(index);
    this.refresh();
  }

  private reveal(index: number): void {
    const { height } = this.rows;
    const { element } = this;
    const top = index * height;
    if (top < element.scrollTop) element.scrollTop = top;
    if (top + height > element.scrollTop + element.clientHeight) {
      element.scrollTop = top + height - element.clientHeight;
    }
  }
}
