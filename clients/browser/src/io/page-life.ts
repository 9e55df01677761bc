/** What happens to a page that a room must know. */
export interface PageListener {
  /** The page is hidden, or about to go. */
  hidden(): void;
  /** The page goes. The browser may freeze it, and show it again later. */
  gone(): void;
  shown(): void;
  /** The network is back, or the page is: the connection may have died unnoticed. */
  doubtful(): void;
}

/** Whether this is a page at all, and not Node or a worker. */
export const isPage = (): boolean =>
  typeof document !== "undefined" && typeof window !== "undefined";

/** Follows the page, if there is one. Returns a function that stops it. */
export function followPage(listener: PageListener): () => void {
  if (!isPage()) return () => {};
  const stop = new AbortController();
  const { signal } = stop;
  document.addEventListener(
    "visibilitychange",
    () => {
      if (document.hidden) return listener.hidden();
      listener.shown();
      listener.doubtful();
    },
    { signal },
  );
  // A page that is left may be frozen and shown again, so this is no end, and no LEAVE.
  window.addEventListener(
    "pagehide",
    () => {
      listener.hidden();
      listener.gone();
    },
    { signal },
  );
  window.addEventListener(
    "pageshow",
    ({ persisted }) => {
      if (!persisted) return;
      listener.shown();
      listener.doubtful();
    },
    { signal },
  );
  window.addEventListener("online", () => listener.doubtful(), { signal });
  if (document.hidden) listener.hidden();
  return () => stop.abort();
}
