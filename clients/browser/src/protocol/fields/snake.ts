/** A name as the wire and REST write it: `hostAway` is `host_away`. */
export const snake = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
