/** What a page goes through that a room should know of. */
export interface PageListener {
  /** Nobody sees the page any more, or it is about to go. */
  hidden(): void;
  /** The page goes. It may be kept frozen, and then be shown again. */
  gone(): void;
  shown(): void;
  /** The network or the page was away: a connection may have died unnoticed. */
  doubtful(): void;
}

/** Whether this is a page at all, and not Node or a worker. */
export const isPage = (): boolean =>
  typeof document !== "undefined" && typeof window !== "undefined";

/** Follows the page that we are in, if we are in one; returns a function that stops it. */
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
  // A page that is left may be kept frozen and be shown again: no end, and no LEAVE.
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
