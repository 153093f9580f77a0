import assert from "node:assert/strict";
import { parseRefreshToken } from "../../src/oauth/tokens/refresh-token.ts";
import type { TestGatehouse } from "../support/gatehouse.ts";
import type { Tokens } from "../support/oauth-client.ts";
import type { Connection, Identity, SimulatedClient } from "./simulate.ts";

/** One of the programs that an installation runs. */
export interface Process {
  /** Seconds for which it goes on with the refresh token it has, without looking into the file. */
  readonly trustsMemoryFor: number;
  memory: { readonly refreshToken: string; readonly since: number } | undefined;
}

/**
 * Several processes of one client on one computer, with one file of credentials and no lock (field notes
 * 1.1).
 */
export class Installation {
  /** Access tokens, and when they were handed out. */
  readonly received: { readonly token: string; readonly at: number }[] = [];
  readonly #server: TestGatehouse;
  readonly #client: SimulatedClient;
  readonly #identity: Identity;
  #file: string;

  private constructor(server: TestGatehouse, client: SimulatedClient, { identity, tokens }: Connection) {
    this.#server = server;
    this.#client = client;
    this.#identity = identity;
    this.#file = tokens.refresh_token;
  }

  /** Somebody signs in, once. */
  static async signIn(server: TestGatehouse, client: SimulatedClient): Promise<Installation> {
    return new Installation(server, client, await client.connect());
  }

  /** The one sign-in that all of this came from, by the file. */
  get grant(): string | undefined {
    return parseRefreshToken(this.#file)?.grantId;
  }

  /**
   * All refresh at the same instant, with what each of them has.
   * @param loses when the answer to this one is lost, the seconds until it tries again with what it had
   */
  async refresh(
    processes: readonly Process[],
    loses: (process: Process) => number | undefined = () => undefined,
  ) {
    const attempts = processes.map((process) => ({
      refreshToken: this.#recall(process),
      wait: loses(process),
    }));
    const answers = await Promise.all(
      attempts.map(async (attempt) => ({ ...attempt, tokens: await this.#request(attempt.refreshToken) })),
    );
    this.#write(answers.filter(({ wait }) => wait === undefined).map(({ tokens }) => tokens));
    for (const { refreshToken, wait } of attempts) {
      if (wait === undefined) continue;
      this.#server.clock.advance(wait);
      this.#write([await this.#request(refreshToken)]);
    }
  }

  /**
   * What it got by refreshing goes into the file only: other parts of the process hold on to the old one
   * (field notes 1.3).
   */
  #recall(process: Process): string {
    const now = this.#server.clock.now();
    const { memory, trustsMemoryFor } = process;
    if (memory !== undefined && now - memory.since < trustsMemoryFor) return memory.refreshToken;
    process.memory = { refreshToken: this.#file, since: now };
    return this.#file;
  }

  async #request(refreshToken: string): Promise<Tokens> {
    const answer = await this.#client.refresh(this.#identity, refreshToken);
    assert.equal(answer.status, 200, `signed out: ${answer.text}`);
    const tokens = answer.body as unknown as Tokens;
    this.received.push({ token: tokens.access_token, at: this.#server.clock.now() });
    return tokens;
  }

  /** Each writes what it got. Whoever was answered last, which is with the newest, has the last word. */
  #write(answers: readonly Tokens[]): void {
    const generation = (token: string) => parseRefreshToken(token)?.generation ?? 0;
    const written = answers.map(({ refresh_token }) => refresh_token);
    this.#file = written.sort((left, right) => generation(left) - generation(right)).at(-1) ?? this.#file;
  }
}
