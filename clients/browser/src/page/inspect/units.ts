// Numbers with their units, short enough for a table.

export const NONE = "–";

const rounded = (value: number): string =>
  value >= 100 || Number.isInteger(value)
    ? Math.round(value).toLocaleString("en")
    : value.toFixed(1);

export function bytes(value: number): string {
  if (value < 10_000) return `${rounded(value)} B`;
  return value < 10_000_000 ? `${rounded(value / 1024)} KiB` : `${rounded(value / 1024 ** 2)} MiB`;
}

export const count = (value: number): string => rounded(value);

export const perSecond = (value: number): string => `${rounded(value)}/s`;

export const bytesPerSecond = (value: number): string => `${bytes(value)}/s`;

/** `09:05:07`, as clocks here show it. Args: at: the relay's clock, in microseconds. */
export const timeOfDay = (at: number): string =>
  new Date(at / 1000).toLocaleTimeString("en-GB", { hour12: false });

export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  return value > 0 && value < 1 ? "<1 ms" : `${rounded(Math.round(value * 10) / 10)} ms`;
}

export function seconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  if (value < 120) return `${Math.round(value)} s`;
  return value < 7200 ? `${Math.round(value / 60)} min` : `${Math.round(value / 3600)} h`;
}
