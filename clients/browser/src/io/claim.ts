// Which page uses a seat: a duplicate of a tab has a copy of its session storage, secrets included.

import { isPage } from "./page-life.js";

/** Milliseconds for a page that is being left to let go of its seat, as after a reload. */
const LETTING_GO = 1000;
/** Milliseconds for the other pages of this origin to say that a seat is theirs. */
const ANSWER = 250;

const WHOSE = "whose?";
const TAKEN = "taken";

/**
 * What shows the other pages of this origin that a seat is in use, until it is released.
 *
 * It is a Web Lock, which the browser takes back from whoever is no more. Pages that have none, as
 * on plain http in a local network, ask each other instead; one that is frozen cannot answer.
 */
export class Claim {
  private letGo: (() => void) | null = null;

  /** @param name tells seats apart, and gives nothing away */
  constructor(private readonly name: string) {}

  /**
   * Takes the seat; resolves with whether it is ours, and not another page's.
   *
   * @param isNew no other page can have it
   */
  async take(isNew: boolean): Promise<boolean> {
    if (this.letGo || !isPage()) return true;
    try {
      const { locks } = navigator;
      if (locks) return await this.takeLock(locks);
      const channel = new BroadcastChannel(this.name);
      this.letGo = () => channel.close();
      if (!isNew && (await isTaken(channel))) {
        this.release();
        return false;
      }
      channel.onmessage = ({ data }) => data === WHOSE && channel.postMessage(TAKEN);
    } catch {
      // A browser that has or allows neither: nobody can tell.
    }
    return true;
  }

  release(): void {
    this.letGo?.();
    this.letGo = null;
  }

  private takeLock(locks: LockManager): Promise<boolean> {
    const released = new Promise<void>((resolve) => (this.letGo = resolve));
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), LETTING_GO);
    return new Promise((resolve) => {
      const held = locks.request(this.name, { signal: waiting.signal }, () => {
        clearTimeout(timer);
        resolve(true);
        return released;
      });
      held.catch(({ name }: Error) => {
        this.letGo = null;
        resolve(name !== "AbortError");
      });
    });
  }
}

/** Asks the other pages whether one of them has the seat. */
const isTaken = (channel: BroadcastChannel): Promise<boolean> =>
  new Promise((resolve) => {
    channel.onmessage = ({ data }) => data === TAKEN && resolve(true);
    channel.postMessage(WHOSE);
    setTimeout(() => resolve(false), ANSWER);
  });
