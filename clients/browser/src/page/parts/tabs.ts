// Tabs: one panel of several is shown. The arrow keys go from tab to tab.

import { make } from "../dom.js";

export class Tabs {
  readonly list = make("div", { className: "tabs" });
  private readonly tabs: HTMLButtonElement[];
  private chosen = "";

  /** Args: panels: by their names; opened: called with the name of the one that is shown. */
  constructor(
    label: string,
    private readonly panels: Readonly<Record<string, HTMLElement>>,
    private readonly opened: (name: string) => void,
  ) {
    this.list.setAttribute("role", "tablist");
    this.list.ariaLabel = label;
    this.tabs = Object.entries(panels).map(([name, panel]) => this.tab(name, panel));
    this.list.append(...this.tabs);
    this.list.addEventListener("keydown", (event) => this.press(event));
    this.open(Object.keys(panels)[0]!);
  }

  open(name: string): void {
    this.chosen = name;
    for (const [each, panel] of Object.entries(this.panels)) panel.hidden = each !== name;
    for (const tab of this.tabs) {
      const isChosen = tab.textContent === name;
      tab.ariaSelected = String(isChosen);
      tab.tabIndex = isChosen ? 0 : -1;
    }
    this.opened(name);
  }

  isOpen = (name: string): boolean => this.chosen === name;

  private tab(name: string, panel: HTMLElement): HTMLButtonElement {
    const tab = make("button", { type: "button", id: `tab-${name}` }, name);
    tab.setAttribute("role", "tab");
    panel.id = `panel-${name}`;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    tab.setAttribute("aria-controls", panel.id);
    tab.addEventListener("click", () => this.open(name));
    return tab;
  }

  private press({ key }: KeyboardEvent): void {
    const names = Object.keys(this.panels);
    const at = names.indexOf(this.chosen);
    const ways: Readonly<Record<string, number>> = {
      ArrowLeft: (at + names.length - 1) % names.length,
      ArrowRight: (at + 1) % names.length,
      Home: 0,
      End: names.length - 1,
    };
    const to = ways[key];
    if (to === undefined) return;
    this.open(names[to]!);
    this.tabs[to]!.focus();
  }
}
