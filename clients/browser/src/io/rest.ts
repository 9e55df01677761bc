// The relay's REST, as the lobby asks it.

import { LobbyRefused, Unreachable } from "../errors.js";
import { whySilent } from "./unreachable.js";

export type Query = readonly (readonly [key: string, value: string])[];

/** Asks one relay. */
export class Rest {
  /**
   * @param relay such as `http://localhost:8000`, without a slash at its end
   * @param timeout milliseconds for an answer
   */
  constructor(
    private readonly relay: string,
    private readonly timeout: number,
  ) {}

  /**
   * The relay's answer to a GET.
   *
   * @throws LobbyRefused if the relay refuses, and says why
   * @throws Unreachable if nothing that could be a relay answers
   */
  get(path: string, query: Query = []): Promise<unknown> {
    const asked = new URLSearchParams(query.map(([key, value]) => [key, value])).toString();
    return this.ask(asked ? `${path}?${asked}` : path, {});
  }

  /** The relay's answer to a POST; see `get`. */
  post(path: string, body: object): Promise<unknown> {
    const headers = { "content-type": "application/json" };
    return this.ask(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  noRelay(): Unreachable {
    return new Unreachable(`${this.relay} answers, but not as a Roomwire relay`);
  }

  private async ask(path: string, options: RequestInit): Promise<unknown> {
    const signal = AbortSignal.timeout(this.timeout);
    const answer = await fetch(`${this.relay}${path}`, { ...options, signal }).catch(() => null);
    if (answer?.ok) return answer.json().catch(() => Promise.reject(this.noRelay()));
    if (answer) throw await this.refusal(answer);
    if (!signal.aborted) throw await whySilent(`${this.relay}/`, fetch, signal);
    throw new Unreachable(`no answer from ${this.relay} within ${this.timeout / 1000} s`);
  }

  private async refusal(answer: Response): Promise<LobbyRefused | Unreachable> {
    const problem = (await answer.json().catch(() => null)) as { detail?: unknown } | null;
    if (typeof problem?.detail !== "string")
      return new Unreachable(`${this.relay} answers HTTP ${answer.status}: is it a Roomwire relay?`);
    const after = answer.headers.get("retry-after");
    return new LobbyRefused(answer.status, problem.detail, after === null ? null : Number(after));
  }
}
