import { ABNORMAL } from "../protocol/close-codes.js";
import { SUBPROTOCOL } from "../protocol/version.js";

/** The part of a WebSocket that is used here: the browser's, Node's, or that of `ws`. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: never }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

export type WebSocketClass = new (url: string, protocols: string) => WebSocketLike;

/** What a socket calls. After `lost` it calls nothing more. */
export interface Listener {
  /** A macrotask of the socket begins, so the program has finished what it did in one go. */
  begins(): void;
  opened(): void;
  message(data: Uint8Array): void;
  /** A text message came, as no relay sends one. */
  text(): void;
  lost(code: number, reason: string): void;
}

const OPEN = 1;

/** One WebSocket, from its start to its end, whichever side ends it. */
export class Socket {
  private socket: WebSocketLike | null = null;

  constructor(
    url: string,
    Class: WebSocketClass,
    private readonly listener: Listener,
  ) {
    const socket = new Class(url, SUBPROTOCOL);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => listener.opened();
    socket.onmessage = ({ data }: { data: unknown }) => {
      listener.begins();
      // The program may have ended it in the meantime.
      if (!this.socket) return;
      if (isBuffer(data)) listener.message(new Uint8Array(data));
      else listener.text();
    };
    socket.onclose = ({ code, reason }) => this.end(code, reason);
    // `close` follows at once. Node before 24 leaves it out after a failed upgrade.
    socket.onerror = () => void setTimeout(() => this.end(ABNORMAL, ""), 0);
  }

  get buffered(): number {
    return this.socket?.bufferedAmount ?? 0;
  }

  send(message: Uint8Array<ArrayBuffer>): void {
    // While the socket closes, a browser would throw or log. Counted frames are sent again anyway.
    if (this.socket?.readyState === OPEN) this.socket.send(message);
  }

  /** Ends it now, without waiting for the other side, which may never answer. */
  drop(code = ABNORMAL, reason = ""): void {
    const socket = this.socket;
    if (!socket) return;
    this.detach(socket);
    // A browser allows only one of the standard's codes here: 1000.
    if (code >= 4000) socket.close(code, reason);
    else socket.close();
    this.listener.lost(code, reason);
  }

  private end(code: number, reason: string): void {
    if (this.socket) this.listener.begins();
    if (!this.socket) return;
    this.detach(this.socket);
    this.listener.lost(code, reason);
  }

  private detach(socket: WebSocketLike): void {
    this.socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
  }
}

/** Whether it is an ArrayBuffer, of another realm too: tests in jsdom have one of their own. */
const isBuffer = (data: unknown): data is ArrayBuffer =>
  data instanceof ArrayBuffer || Object.prototype.toString.call(data) === "[object ArrayBuffer]";
