/** Spent places at the beginning of the list are given back in one go, once there are so many. */
const SPENT = 1024;

/** A queue. Taking the first of many costs no more than taking the first of a few. */
export class Fifo<T> implements Iterable<T> {
  private items: (T | undefined)[] = [];
  private first = 0;

  get length(): number {
    return this.items.length - this.first;
  }

  /** The one that came last, if any is left. */
  get newest(): T | undefined {
    return this.length > 0 ? this.items.at(-1) : undefined;
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** Takes the first one, or undefined. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.items[this.first];
    this.items[this.first++] = undefined; // let go of it at once
    if (this.first >= SPENT && 2 * this.first >= this.items.length) {
      this.items = this.items.slice(this.first);
      this.first = 0;
    }
    return item;
  }

  /** Takes all. */
  drain(): T[] {
    const all = [...this];
    this.items = [];
    this.first = 0;
    return all;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let at = this.first; at < this.items.length; at++) yield this.items[at]!;
  }
}
