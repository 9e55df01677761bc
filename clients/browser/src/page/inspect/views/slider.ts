// A slider with its number and unit beside it.

import { make, write } from "../../dom.js";

export class Slider {
  readonly element: HTMLElement;
  /** Called when a person moves it. */
  changed: () => void = () => {};
  private readonly input: HTMLInputElement;
  private readonly shown = make("output");

  constructor(
    readonly name: string,
    label: string,
    most: number,
    step: number,
    private readonly unit: string,
  ) {
    this.input = make("input", {
      type: "range",
      min: "0",
      max: String(most),
      step: String(step),
      value: "0",
    });
    this.input.name = name;
    this.element = make(
      "label",
      { className: "slider" },
      make("span", {}, label),
      this.input,
      this.shown,
    );
    this.input.addEventListener("input", () => {
      this.show();
      this.changed();
    });
    this.show();
  }

  get value(): number {
    return this.input.valueAsNumber;
  }

  set value(value: number) {
    // A profile may go beyond what the slider offers.
    if (value > Number(this.input.max)) this.input.max = String(value);
    this.input.step = "any"; // nor need it be one of the slider's steps
    this.input.value = String(value);
    this.show();
  }

  private show(): void {
    const value =
      this.unit === "%" ? Math.round(this.value * 1000) / 10 : Math.round(this.value * 10) / 10;
    const text = `${value.toLocaleString("en")} ${this.unit}`;
    write(this.shown, text);
    this.input.setAttribute("aria-valuetext", text);
  }
}
