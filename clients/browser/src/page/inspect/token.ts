// The operator's token: it comes in the address, after #, and does not stay there.

const KEY = "roomwire:operator";

/** A key of its own for each relay: one origin may have several, below different paths. */
const key = (): string => `${KEY}:${new URL(document.baseURI).pathname}`;

/** The token of the address or of this tab; null if there is none. It leaves the address. */
export function takeToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get("token");
  if (token === null) return stored();
  given.delete("token");
  const rest = given.toString();
  // Replaced, so that the way back does not lead to it, nor a screenshot show it.
  history.replaceState(null, "", `${location.pathname}${location.search}${rest && `#${rest}`}`);
  keepToken(token);
  return token;
}

/** Keeps a token until the tab is closed. */
export function keepToken(token: string): void {
  try {
    sessionStorage.setItem(key(), token);
  } catch {
    // Some browsers forbid storage in private windows. Then the page asks again next time.
  }
}

export function forgetToken(): void {
  try {
    sessionStorage.removeItem(key());
  } catch {
    // Then none was kept.
  }
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(key());
  } catch {
    return null;
  }
}
