// For messages of errors: a peer's words may stand in them, and a console shows them.

/**
 * What a terminal obeys, what turns the text around it, ends a line or shows nothing, and halves of
 * characters. Joiners are left: emoji and some scripts need them.
 */
const ACTING = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The text with what acts on its surroundings written out, as `\x1b`. */
export const printable = (text: string): string => text.replace(ACTING, writtenOut);

function writtenOut(character: string): string {
  const point = character.codePointAt(0)!;
  const [letter, digits] = point < 0x100 ? ["x", 2] : point < 0x10000 ? ["u", 4] : ["U", 8];
  return `\\${letter}${point.toString(16).padStart(digits as number, "0")}`;
}
