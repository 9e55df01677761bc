// Finds out why no WebSocket opened. A browser hides the cause from a page, so it asks REST.

import { OriginRefused, Unreachable } from "../errors.js";

/** The part of `fetch` that is used here. */
export type Fetch = (url: string, options: RequestInit) => Promise<Response>;

/** The likely cause if the relay answers and yet no WebSocket opens. */
export const SPOILT_UPGRADE =
  "the relay answers, but no WebSocket to it opens: a proxy before it must pass on the headers " +
  "Upgrade and Connection";

const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Finds out why no WebSocket opened.
 *
 * @param url of the WebSocket
 * @param signal ends the search
 * @returns an error; or a text, if the cause may pass by itself
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
  if (PASSING.has(answer.status)) {
    const why = await detailOf(answer, "is the relay running?");
    return `${home} answers HTTP ${answer.status}: ${why}`;
  }
  if (!(await isRelay(answer))) {
    const elsewhere = "one that is mounted at /relay is http://HOST/relay";
    return new Unreachable(
      `${home} answers HTTP ${answer.status}, and is no Roomwire relay: ${elsewhere}`,
    );
  }
  // Browsers send the page's origin with a POST, as with a WebSocket. This POST changes nothing.
  const refused = await fetch(api, { method: "POST", signal }).catch(() => null);
  return refused?.status === 403 ? originRefused(home, await detailOf(refused)) : SPOILT_UPGRADE;
}

/** Finds out why the page got no answer that it may read. */
export async function whySilent(
  home: string,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<Unreachable> {
  // The page may not read such an answer, but it learns that there is one.
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

async function detailOf(answer: Response, otherwise = "see `relay serve --help`"): Promise<string> {
  const problem = (await answer.json().catch(() => null)) as { detail?: unknown } | null;
  return String(problem?.detail ?? otherwise).slice(0, 300);
}
