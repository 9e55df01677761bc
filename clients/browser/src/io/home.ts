import { homeRelay } from "../core/address.js";

/**
 * The relay that served this module or the page.
 *
 * @throws TypeError outside of a page
 */
export function home(): string {
  const url = homeRelay(import.meta.url, globalThis.location?.href);
  if (url) return url;
  throw new TypeError('outside of a page, say where the relay is: "ws://host:8000"');
}
