// The last minutes in charts.

import { counted } from "../../decode/words.js";
import { make } from "../../dom.js";
import { Chart } from "../../parts/chart.js";
import { type Sample, type Series } from "../series.js";
import { bytesPerSecond, milliseconds, perSecond, seconds } from "../units.js";

const CHARTS: readonly (readonly [
  string,
  (value: number) => string,
  (sample: Sample) => number | null,
])[] = [
  ["Frames", perSecond, ({ frames }) => frames],
  ["Bytes", bytesPerSecond, ({ bytes }) => bytes],
  ["Worst RTT", milliseconds, ({ rtt }) => rtt],
  ["Longest silence", seconds, ({ silent }) => silent],
  ["In outboxes", (value) => counted(value, "frame"), ({ waiting }) => waiting],
  ["Behind", (value) => counted(value, "seq"), ({ behind }) => behind],
];

export class ChartsView {
  readonly element = make("section", { className: "charts", ariaLabel: "The last 5 minutes" });
  private readonly charts = CHARTS.map(([title, say, of]) => ({
    chart: new Chart(title, say),
    of,
  }));

  constructor() {
    this.element.append(...this.charts.map(({ chart }) => chart.element));
    this.show([]);
  }

  show(samples: Series["samples"]): void {
    for (const { chart, of } of this.charts) chart.show(samples.map(of));
  }
}
