/** Finds what the page must have. */
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

/** A colour for a player: neighbours in number are far apart, and all can be read on the dark. */
export const colourOf = (player: number, alpha = 1): string =>
  `hsl(${Math.round((player * 137.508 + 150) % 360)} 90% 68% / ${alpha})`;
