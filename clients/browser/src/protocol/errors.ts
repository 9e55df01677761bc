import { errorName } from "./error-codes.js";
import { printable } from "./printable.js";

/**
 * What is known of a breach of the protocol, beyond its code.
 *
 * @inline
 */
export interface Breach {
  /** Byte at which the message is wrong, if one can be named. */
  offset?: number | undefined;
  /** What the protocol wants there. */
  expected?: string | undefined;
  /** What was there instead. */
  got?: string | undefined;
  /** The bound that was exceeded, if one was. */
  limit?: number | undefined;
}

/** Something that the protocol forbids. Its subclasses say whose fault it is. */
export class ProtocolError extends Error {
  override readonly name: string = "ProtocolError";
  readonly text: string;
  readonly offset: number | undefined;
  readonly expected: string | undefined;
  readonly got: string | undefined;
  readonly limit: number | undefined;

  /**
   * @param code what was wrong, one of `ErrorCode`
   * @param text one sentence for a human
   */
  constructor(
    readonly code: number,
    text: string,
    { offset, expected, got, limit }: Breach = {},
  ) {
    // A peer chose some of the words, such as a key.
    super(printable(describe(code, text, { offset, expected, got, limit })));
    this.text = printable(text);
    this.offset = offset;
    this.expected = expected && printable(expected);
    this.got = got && printable(got);
    this.limit = limit;
  }
}

/** Our own side tried to break the protocol. */
export class LocalProtocolError extends ProtocolError {
  override readonly name = "LocalProtocolError";
}

/** The other side broke the protocol. */
export class RemoteProtocolError extends ProtocolError {
  override readonly name = "RemoteProtocolError";
}

function describe(code: number, text: string, breach: Breach): string {
  const known = (["offset", "expected", "got", "limit"] as const)
    .filter((name) => breach[name] !== undefined)
    .map((name) => `, ${name}=${breach[name]}`);
  return `${errorName(code)}: ${text}${known.join("")}`;
}
