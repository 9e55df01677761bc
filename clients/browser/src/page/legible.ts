// Makes a stranger's words safe to show beside others: in the page, on the canvas, in a title.
//
// A name may hold characters that change the direction of the text after it, or that are invisible.
// protocol/legible.py has the same function, and protocol/vectors/legible.json tests both.

/** Most texts have only these characters, and need no change. */
const PLAIN = /^(?:[!-~]+(?: [!-~]+)*)?$/;

const BLANKS = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800\u3000]+/gu;

const UNSEEN = new RegExp(
  [
    // A region's flag is a black flag followed by invisible letters. It stays whole.
    "(\\u{1f3f4}[\\u{e0030}-\\u{e0039}\\u{e0061}-\\u{e007a}]{1,6}\\u{e007f})",
    "|[\\0-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f", // control codes
    "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069", // direction marks
    "\\xad\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b\\u2060-\\u2065\\u206a-\\u206f\\u3164",
    "\\ufeff\\uffa0\\ufff0-\\ufffb\\ufffe\\uffff\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}",
    "\\u{e0000}-\\u{e00ff}\\u{e01f0}-\\u{e0fff}",
    "\\ud800-\\udfff]", // halves of characters
  ].join(""),
  "gu",
);

// Persian, the scripts of India and emoji of families need joiners. At an edge, a joiner would join
// the text beside it. Between Latin letters it is invisible.
const JOINERS = /[\u200c\u200d]/u;
const LAST_LATIN = "\u02ff";

/** Most accents on one letter. Hebrew has four; a pile of forty would cover other lines. */
const MARKS = 5;
const MARK = /\p{M}/u;
const ACCENT = /[\p{Mn}\p{Me}]/u;

const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const FIRST_STRONG_ISOLATE = "\u2068";
const POP_ISOLATE = "\u2069";

/**
 * The visible part of a text, in one line. It may be empty: then show another name.
 *
 * Characters that change the text around them are dropped. Emoji stay whole, and every script stays
 * readable.
 */
export function legible(text: string): string {
  if (PLAIN.test(text)) return text;
  let kept = "";
  let before = " ";
  let joiner = "";
  let pile = 0;
  for (const character of text.replace(UNSEEN, "$1").replace(BLANKS, " ")) {
    if (JOINERS.test(character)) {
      joiner = character;
      continue;
    }
    pile = ACCENT.test(character) ? pile + 1 : 0;
    const isAdrift = before === " " && (MARK.test(character) || character === " ");
    if (isAdrift || pile > MARKS) continue;
    if (before > LAST_LATIN && character > LAST_LATIN) kept += joiner;
    joiner = "";
    kept += before = character;
  }
  return kept.trimEnd();
}

/** `legible` text that keeps the direction of the text beside it, for places without `<bdi>`. */
export function isolated(text: string): string {
  const seen = legible(text);
  return RIGHT_TO_LEFT.test(seen) ? `${FIRST_STRONG_ISOLATE}${seen}${POP_ISOLATE}` : seen;
}

/** The beginning of `legible` text, without half an emoji at its end. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const characters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
  return characters.length > length ? `${characters.slice(0, length - 1).join("")}…` : text;
}
