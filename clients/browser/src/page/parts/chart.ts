// A small chart of numbers over time, as SVG: it takes its colours from the page.

import { make, makeSvg, write } from "../dom.js";

const WIDTH = 300;
const HEIGHT = 60;
/** Numbers for which there is room; with more, each has less. */
const LEAST = 60;

export class Chart {
  readonly element: HTMLElement;
  private readonly now = make("b");
  private readonly most = make("span", { className: "note" });
  private readonly line = makeSvg("path", { class: "line" });
  private readonly area = makeSvg("path", { class: "area" });
  private readonly svg: SVGElement;

  /** Args: say: a number in words, with its unit. */
  constructor(
    private readonly title: string,
    private readonly say: (value: number) => string,
  ) {
    const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" };
    this.svg = makeSvg("svg", box, this.area, this.line);
    const head = make("div", { className: "chart-head" }, make("span", {}, title), this.now);
    this.element = make("div", { className: "chart card" }, head, this.frame(), this.most);
  }

  /** Shows numbers, the newest last; null where there is none. */
  show(values: readonly (number | null)[]): void {
    const most = Math.max(1e-9, ...values.map((value) => value ?? 0));
    const last = values.at(-1) ?? null;
    write(this.now, last === null ? "–" : this.say(last));
    write(
      this.most,
      values.some((value) => value !== null) ? `at most ${this.say(most < 1e-6 ? 0 : most)}` : "",
    );
    this.svg.setAttribute(
      "aria-label",
      `${this.title}: ${last === null ? "nothing" : this.say(last)}`,
    );
    const points = this.points(values, most);
    this.line.setAttribute(
      "d",
      points.map(([x, y], index) => `${index ? "L" : "M"}${x} ${y}`).join(""),
    );
    this.area.setAttribute("d", this.below(points));
  }

  private frame(): HTMLElement {
    return make("div", { className: "chart-frame" }, this.svg);
  }

  private points(values: readonly (number | null)[], most: number): [number, number][] {
    const many = Math.max(LEAST, values.length);
    const step = WIDTH / (many - 1);
    const start = many - values.length;
    return values.flatMap((value, index): [number, number][] => {
      if (value === null) return [];
      const y = HEIGHT - 2 - (HEIGHT - 6) * (value / most);
      return [[Math.round((start + index) * step * 10) / 10, Math.round(y * 10) / 10]];
    });
  }

  private below(points: readonly [number, number][]): string {
    const first = points[0];
    const last = points.at(-1);
    if (!first || !last) return "";
    const way = points.map(([x, y]) => `L${x} ${y}`).join("");
    return `M${first[0]} ${HEIGHT}${way}L${last[0]} ${HEIGHT}Z`;
  }
}
