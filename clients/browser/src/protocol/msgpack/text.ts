// Texts and keys out of a message, the fast way.

/** Bytes up to which a text is put together here: to call the decoder takes longer. */
const SHORT = 24;

// The mark U+FEFF at a text's beginning belongs to the text.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** The text in `data` from `start` to `end`; null if it is not UTF-8. */
export function validTextAt(data: Uint8Array, start: number, end: number): string | null {
  return (end - start <= SHORT ? shortAt(data, start, end) : null) ?? decoded(data, start, end);
}

function decoded(data: Uint8Array, start: number, end: number): string | null {
  try {
    return decoder.decode(data.subarray(start, end));
  } catch {
    return null;
  }
}

/** The text, if its characters have one byte or two, as those of most alphabets have. */
function shortAt(data: Uint8Array, start: number, end: number): string | null {
  let text = "";
  let at = start;
  while (at < end) {
    const byte = data[at++]!;
    if (byte < 0x80) {
      text += String.fromCharCode(byte);
      continue;
    }
    const next = at < end ? data[at++]! : 0;
    if (byte < 0xc2 || byte > 0xdf || next < 0x80 || next > 0xbf) return null;
    text += String.fromCharCode(((byte & 0x1f) << 6) | (next & 0x3f));
  }
  return text;
}

/** Keys come again and again. Each has one place here, by its bytes. */
const seen: string[] = new Array<string>(256).fill("");

/** The same as `validTextAt`, for keys. */
export function keyAt(data: Uint8Array, start: number, end: number): string | null {
  if (end - start > SHORT) return validTextAt(data, start, end);
  let hash = end - start;
  for (let at = start; at < end; at++) hash = (hash * 31 + data[at]!) & 0xffff;
  const place = (hash ^ (hash >> 8)) & 0xff;
  const known = seen[place]!;
  if (isAt(known, data, start, end)) return known;
  const key = validTextAt(data, start, end);
  // Only what is ASCII, where a byte is a character: see `isAt`.
  if (key?.length === end - start) seen[place] = key;
  return key;
}

/** Whether these are the bytes of a text that is ASCII. */
function isAt(text: string, data: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let at = start; at < end; at++) {
    if (text.charCodeAt(at - start) !== data[at]) return false;
  }
  return true;
}
