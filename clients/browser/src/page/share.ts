// The link to this room, as text and as a code for a phone's camera.

import { encode } from "uqr";
import type { RelayInfo } from "./api.js";
import { find, makeSvg } from "./dom.js";

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Shows how others get into a room. */
export function showLink(code: string, relay: RelayInfo | null): void {
  const here = new URL(`r/${code}`, document.baseURI);
  const isLocal = LOOPBACK.test(here.hostname);
  // On another device, "localhost" is that device: show the address on the network.
  const link = isLocal && relay?.lan ? new URL(`r/${code}`, `${relay.lan}/`) : here;
  find("#code").textContent = code;
  const field = find<HTMLInputElement>("#link");
  field.value = link.href;
  find("#qr").replaceChildren(drawCode(link.href));
  const note = find("#link-note");
  note.hidden = !(isLocal && relay && !relay.lan);
  note.textContent =
    "This link works on this computer only. Let the relay listen on 0.0.0.0 (--host, or the " +
    "variable RELAY_HOST) to let others in.";
}

/** Lets the button copy the link. */
export function enableCopy(): void {
  const button = find<HTMLButtonElement>("#copy");
  button.addEventListener("click", async () => {
    const isCopied = await copy(find<HTMLInputElement>("#link"));
    button.textContent = isCopied ? "Copied" : byHand();
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
}

async function copy(field: HTMLInputElement): Promise<boolean> {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // Plain http, as on a local network, has no clipboard API; only the old command works.
    return document.execCommand("copy");
  }
}

/** How to copy the selected text. */
const byHand = (): string =>
  matchMedia("(pointer: coarse)").matches ? "Hold the link" : "Press Ctrl+C";

function drawCode(text: string): SVGElement {
  const { data, size } = encode(text, { border: 2 });
  const path = data
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")))
    .join("");
  const box = { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": `QR code of ${text}` };
  const paper = makeSvg("rect", { width: String(size), height: String(size), fill: "#fff" });
  const ink = makeSvg("path", { d: path, fill: "#0b0d1e" });
  return makeSvg("svg", { ...box, "shape-rendering": "crispEdges" }, paper, ink);
}
