// A WebSocket whose other end is the test.

import { decode, encode } from "../../../clients/browser/src/protocol/codec.js";
import type { WebSocketClass, WebSocketLike } from "../../../clients/browser/src/io/websocket.js";
import type { ClientFrame, RelayFrame } from "../../../clients/browser/src/protocol/frames.js";

export class FakeSocket implements WebSocketLike {
  binaryType = "";
  bufferedAmount = 0;
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: never }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  /** How the client closed it, if it did. */
  closed: [code: number | undefined, reason: string | undefined] | null = null;
  private readonly sent: Uint8Array[] = [];

  constructor(
    readonly url: string,
    readonly protocol: string,
  ) {}

  send(data: Uint8Array): void {
    this.sent.push(data);
  }

  close(code?: number, reason?: string): void {
    this.closed = [code, reason];
    this.readyState = 3;
  }

  /** The other end takes the connection. */
  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  /** The other end sends frames. */
  tell(...frames: RelayFrame[]): void {
    for (const frame of frames) this.tellBytes(encode(frame));
  }

  tellBytes(message: Uint8Array<ArrayBuffer>): void {
    this.onmessage?.({ data: message.buffer as never });
  }

  tellText(message: string): void {
    this.onmessage?.({ data: message as never });
  }

  /** The connection ends; without a code, as if it was lost. */
  end(code = 1006, reason = ""): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  /** The connection fails, and that is all that is told of it. */
  fail(): void {
    this.readyState = 3;
    this.onerror?.();
  }

  /** Takes the frames that came from the client since the last call. */
  heard(): ClientFrame[] {
    return this.sent.splice(0).map((message) => decode(message, "client") as ClientFrame);
  }

  /** Takes the frames that came, less those that only keep the connection. */
  heardOfGame(): ClientFrame[] {
    return this.heard().filter(({ type }) => type !== "Ping" && type !== "Ack");
  }
}

/** A class for `connect` to make its sockets of, and the sockets that it made. */
export function fakeSockets(): { made: FakeSocket[]; WebSocket: WebSocketClass } {
  const made: FakeSocket[] = [];
  class WebSocket extends FakeSocket {
    constructor(url: string, protocol: string) {
      super(url, protocol);
      made.push(this);
    }
  }
  return { made, WebSocket };
}
