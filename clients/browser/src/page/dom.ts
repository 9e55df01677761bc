import type { Player } from "../index.js";
import { legible } from "./legible.js";

/** Finds an element that the page must have. */
export function find<E extends Element = HTMLElement>(selector: string): E {
  const element = document.querySelector<E>(selector);
  if (!element) throw new Error(`the page has no ${selector}`);
  return element;
}

/** Makes an element. Text stays text: nothing that a player typed becomes markup. */
export function make<N extends keyof HTMLElementTagNameMap>(
  name: N,
  properties: Partial<HTMLElementTagNameMap[N]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[N] {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** Makes an element of a stranger's words. They cannot change the direction of text beside them. */
export const words = (text: string): HTMLElement => make("bdi", {}, legible(text));

/** The name to show for a player. A name without visible characters counts as none. */
export const nameOf = ({ name, number }: Pick<Player, "name" | "number">): string =>
  legible(name) || `Player ${number}`;

export function makeSvg(
  name: string,
  attributes: Record<string, string>,
  ...children: Node[]
): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Changes a text only if it is different: most are the same, and a change costs a layout. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Hues that differ clearly from each other, and from the orbs' gold. */
const HUES = [190, 322, 140, 265, 18, 215, 95, 295, 165, 345];

/** How many colours there are. */
export const COLOURS = 3 * HUES.length;

/** A colour that is light enough for text on the dark page. */
export function colour(index: number, alpha = 1): string {
  const round = Math.floor(index / HUES.length) % 3;
  return `hsl(${HUES[index % HUES.length]!} ${95 - 15 * round}% ${70 + 7 * round}% / ${alpha})`;
}

/** The sign of the host. */
export function crown(): SVGElement {
  const path = makeSvg("path", { d: "M2 14 0 3l5 4 4-7 4 7 5-4-2 11z", fill: "#ffd666" });
  return makeSvg(
    "svg",
    { viewBox: "0 0 18 15", width: "15", height: "13", "aria-hidden": "true" },
    path,
  );
}
