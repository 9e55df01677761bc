// What a room's bytes are: by opcode, and by what they are spent on.

import { counted } from "../../decode/words.js";
import { make, words, write } from "../../dom.js";
import type { Rate } from "../series.js";
import { PARTS, type Part, type Sizes, advice, percent } from "../sizes.js";
import { bytes, bytesPerSecond, count, perSecond } from "../units.js";
import type { Watched } from "../watched.js";

/** Keys that are listed. */
const KEYS = 8;

export class TrafficView {
  readonly element = make("div", { className: "traffic" });
  private readonly rates = make("tbody");
  private readonly about = make("p", { className: "note" });
  private readonly advice = make("ul", { className: "advice" });
  private readonly bars = make("div", { className: "bars" });
  private readonly keys = make("tbody");

  constructor(private readonly watched: Watched) {
    const again = make("button", { type: "button", className: "small" }, "Count anew");
    again.addEventListener("click", () => {
      watched.clearSizes();
      this.show();
    });
    this.element.append(
      part("By opcode", table(["Opcode", "Frames", "Bytes", "In all", "Share"], this.rates)),
      part(
        "What the bytes are spent on",
        make("div", { className: "controls" }, this.about, again),
        this.advice,
        this.bars,
      ),
      part("Keys that cost the most", table(["Key", "Times", "Bytes", "Share"], this.keys)),
    );
  }

  show(): void {
    const { series, sizes, seen } = this.watched;
    this.showRates(series.byOpcode);
    const all = seen.count
      ? `Counted over ${counted(sizes.frames, "frame")}, ${bytes(sizes.total)}.`
      : "No frames yet.";
    write(this.about, all);
    this.advice.replaceChildren(...advice(sizes).map((sentence) => make("li", {}, sentence)));
    this.showParts(sizes);
    const costly = sizes.keys.slice(0, KEYS);
    this.keys.replaceChildren(
      ...costly.map(({ key, count: times, bytes: size }) =>
        row(words(key), count(times), bytes(size), percent(sizes.share(size))),
      ),
    );
  }

  private showRates(rates: readonly Rate[]): void {
    const all = rates.reduce((sum, { allBytes }) => sum + allBytes, 0) || 1;
    this.rates.replaceChildren(
      ...rates.map(({ op, frames, bytes: size, allBytes }) =>
        row(op, perSecond(frames), bytesPerSecond(size), bytes(allBytes), percent(allBytes / all)),
      ),
    );
  }

  private showParts(sizes: Sizes): void {
    const parts = Object.entries(PARTS) as [Part, string][];
    const sorted = parts.sort(([one], [other]) => sizes.parts[other] - sizes.parts[one]);
    this.bars.replaceChildren(
      ...sorted.map(([name, label]) => {
        const share = sizes.share(sizes.parts[name]);
        const bar = make("span", { className: "bar-of", ariaHidden: "true" });
        bar.style.setProperty("--share", String(share));
        return make("div", {}, make("span", {}, label), make("b", {}, percent(share)), bar);
      }),
    );
  }
}

function part(title: string, ...content: Node[]): HTMLElement {
  return make("section", { className: "card" }, make("h3", {}, title), ...content);
}

function table(heads: readonly string[], body: HTMLElement): HTMLElement {
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  return make("div", { className: "scrolls" }, make("table", {}, make("thead", {}, head), body));
}

function row(first: string | Node, ...cells: string[]): HTMLElement {
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, first),
    ...cells.map((text) => make("td", {}, text)),
  );
}
