// Why no WebSocket came about. A browser hides it from a page; the relay's REST tells causes apart.

import { OriginRefused, Unreachable } from "../errors.js";

/** What is needed of `fetch`. */
export type Fetch = (url: string, options: RequestInit) => Promise<Response>;

/** What stands between where the relay answers, and yet no WebSocket opens. */
export const SPOILT_UPGRADE =
  "the relay answers, but no WebSocket to it opens: a proxy before it must pass on the headers " +
  "Upgrade and Connection";

const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Finds out why no WebSocket opened.
 *
 * @param url of the WebSocket
 * @param signal ends the asking
 * @returns the error that it is, or in words what may pass by itself
 */
export async function whyUnreached(
  url: string,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<Unreachable | string> {
  const home = url.replace(/^ws/, "http").replace(/r\/[^/]+$/, "");
  const api = `${home}api/relay`;
  const answer = await fetch(api, { signal }).catch(() => null);
  if (!answer) return whySilent(home, fetch, signal);
  if (PASSING.has(answer.status)) return `${home} answers HTTP ${answer.status}: is the relay running?`;
  if (!(await isRelay(answer))) {
    return new Unreachable(`${home} answers HTTP ${answer.status}, and is no Roomwire relay`);
  }
  // Browsers say whose page it is with a POST, as they do with a WebSocket. This one does nothing.
  const refused = await fetch(api, { method: "POST", signal }).catch(() => null);
  return refused?.status === 403 ? originRefused(home, await detailOf(refused)) : SPOILT_UPGRADE;
}

/** Finds out why no answer came that a page may hear. */
export async function whySilent(
  home: string,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<Unreachable> {
  // Of an answer that it may not read, a page learns that there is one.
  const opaque = await fetch(`${home}api/relay`, { mode: "no-cors", signal }).catch(() => null);
  if (opaque) return originRefused(home, `a relay lets it in with --origin ${ownOrigin()}`);
  return new Unreachable(`nothing answers at ${home}: is the relay running? (\`relay serve\`)`);
}

const originRefused = (home: string, why: string): OriginRefused =>
  new OriginRefused(`${home} takes no pages of this origin, ${ownOrigin()}: ${why}`);

const ownOrigin = (): string => globalThis.location?.origin ?? "null";

async function isRelay(answer: Response): Promise<boolean> {
  const said: unknown = answer.ok ? await answer.json().catch(() => null) : null;
  return typeof said === "object" && said !== null && "wire" in said;
}

async function detailOf(answer: Response): Promise<string> {
  const problem = (await answer.json().catch(() => null)) as { detail?: unknown } | null;
  return String(problem?.detail ?? "see `relay serve --help`").slice(0, 300);
}
