import { sentence } from "../challenge.ts";
import { parseJson } from "../documents.ts";
import { saidIn } from "../identify.ts";
import { isObject } from "../registrations.ts";
import { Stopped } from "../stopped.ts";
import { type Received, type Wire, WireError } from "../wire.ts";

/*
 * Fifth and sixth step, after somebody has signed in: the code is redeemed, the MCP server called, tokens
 * refreshed as clients do it when two of their processes collide or an answer is lost, and all is revoked.
 */

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  /** Seconds; `undefined`: it does not say. */
  readonly expiresIn: number | undefined;
}

/** Who asks for tokens, and where. */
export interface Asker {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly secret: string | undefined;
  readonly method: "none" | "client_secret_basic" | "client_secret_post";
}

type Form = readonly (readonly [string, string])[];

/** What one exchange came to. */
type Outcome = { readonly tokens: Tokens } | { readonly refused: string };

export class Session {
  readonly #wire: Wire;
  readonly #asker: Asker;
  #tokens: Tokens;
  /** False: its tokens are good no more. */
  #lives = true;

  private constructor(wire: Wire, asker: Asker, tokens: Tokens) {
    this.#wire = wire;
    this.#asker = asker;
    this.#tokens = tokens;
  }

  /** Throws {@link Stopped}. */
  static async redeem(wire: Wire, asker: Asker, form: Form): Promise<Session> {
    const outcome = await exchange(wire, asker, [["grant_type", "authorization_code"], ...form]);
    if ("tokens" in outcome) return new Session(wire, asker, outcome.tokens);
    throw new Stopped(
      "walk.token",
      `The code is not redeemed: ${outcome.refused}.`,
      "authorization server",
      "redeem codes with PKCE, for the resource they were asked for (RFC 7636, RFC 8707).",
    );
  }

  get tokens(): Tokens {
    return this.#tokens;
  }

  get lives(): boolean {
    return this.#lives;
  }

  /** Refreshes with these parameters. Throws {@link Stopped}. */
  async refresh(form: Form): Promise<void> {
    const outcome = await this.#refresh(form);
    if ("tokens" in outcome) return this.#take(outcome.tokens);
    if (/invalid_grant/.test(outcome.refused)) this.#lives = false;
    const sent = form.map(([name, value]) => `${name}=${value}`).join(", ") || "nothing else";
    throw new Stopped(
      "walk.refresh",
      `A refresh that sends ${sent} is refused: ${outcome.refused}.`,
      "authorization server",
      "take what clients repeat in a refresh, and leave out what was not granted (RFC 6749 §6).",
    );
  }

  /** Two of its processes refresh at once. Throws {@link Stopped}. */
  async refreshTogether(form: Form): Promise<void> {
    const outcomes = await Promise.all([this.#refresh(form), this.#refresh(form)]);
    const answered = outcomes.flatMap((outcome) => ("tokens" in outcome ? [outcome.tokens] : []));
    const refused = outcomes.flatMap((outcome) => ("refused" in outcome ? [outcome.refused] : []));
    const [last] = answered.slice(-1);
    if (last !== undefined) this.#take(last);
    if (refused.length === 0) return;
    const goesOn = last !== undefined && "tokens" in (await this.#continue(form));
    if (!goesOn) this.#lives = false;
    throw new Stopped(
      "walk.refresh",
      goesOn
        ? `The second of two refreshes at once is refused (${refused[0]}): that process asks the person anew.`
        : `The second of two refreshes at once ends the session (${refused[0]}): the client will be signed out.`,
      "authorization server",
      "answer the second with the same successor for a minute.",
    );
  }

  /** An answer gets lost, and the client tries again with what it had. Throws {@link Stopped}. */
  async refreshAgain(form: Form): Promise<void> {
    const first = await this.#refresh(form);
    const second = await this.#refresh(form);
    if ("tokens" in second) return this.#take(second.tokens);
    if ("tokens" in first) this.#take(first.tokens);
    this.#lives = false;
    throw new Stopped(
      "walk.refresh",
      `A refresh token is good once: using it again, when an answer got lost or two refresh at once, ends the session (${second.refused}), and the client will be signed out.`,
      "authorization server",
      "answer the second with the same successor, at least until it is used.",
    );
  }

  /** Ends what was allowed (RFC 7009). Gives what is wrong with that, as a sentence, if anything is. */
  async revoke(endpoint: string | undefined): Promise<string | undefined> {
    if (endpoint === undefined) return "Nothing could be revoked: no revocation_endpoint is offered.";
    const { refreshToken, accessToken } = this.#tokens;
    for (const token of [refreshToken, accessToken]) {
      if (token === undefined) continue;
      try {
        const answer = await this.#wire.ask(endpoint, formRequest(this.#asker, [["token", token]]));
        if (answer.status !== 200) return `A revocation is answered ${answer.status}: ${saidIn(answer)}.`;
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        return `A revocation fails: ${error.message}.`;
      }
    }
    return undefined;
  }

  /** Whether the refresh token is good for nothing any more. */
  async isRevoked(): Promise<boolean> {
    return this.#tokens.refreshToken === undefined || "refused" in (await this.#refresh([]));
  }

  #refresh(form: Form): Promise<Outcome> {
    const token = this.#tokens.refreshToken ?? "";
    return exchange(this.#wire, this.#asker, [
      ["grant_type", "refresh_token"],
      ["refresh_token", token],
      ...form,
    ]);
  }

  async #continue(form: Form): Promise<Outcome> {
    const outcome = await this.#refresh(form);
    if ("tokens" in outcome) this.#take(outcome.tokens);
    return outcome;
  }

  /** Who is given no new refresh token keeps the one it has. */
  #take(tokens: Tokens): void {
    this.#tokens = { ...tokens, refreshToken: tokens.refreshToken ?? this.#tokens.refreshToken };
  }
}

async function exchange(wire: Wire, asker: Asker, form: Form): Promise<Outcome> {
  try {
    return outcomeOf(await wire.ask(asker.tokenEndpoint, formRequest(asker, form)));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { refused: error.message };
  }
}

function outcomeOf(received: Received): Outcome {
  const body = parseJson(received.text)?.value;
  if (received.status !== 200) return { refused: saidIn(received) };
  if (!isObject(body) || typeof body.access_token !== "string")
    return { refused: "the answer holds no token" };
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn } = body;
  return {
    tokens: {
      accessToken,
      refreshToken: typeof refreshToken === "string" ? refreshToken : undefined,
      expiresIn: Number.isFinite(Number(expiresIn ?? Number.NaN)) ? Number(expiresIn) : undefined,
    },
  };
}

function formRequest({ clientId, secret, method }: Asker, form: Form) {
  const body = new URLSearchParams(form.map(([name, value]) => [name, value]));
  const headers: Record<string, string> = {
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
    "user-agent": "gatehouse-doctor",
  };
  if (method === "client_secret_basic" && secret !== undefined) {
    headers.authorization = `Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}`;
  } else {
    body.set("client_id", clientId);
    if (secret !== undefined) body.set("client_secret", secret);
  }
  return { method: "POST", headers, body: body.toString() } as const;
}

/** Whether the MCP server takes the token. Throws {@link Stopped}. */
export async function callWith(wire: Wire, server: string, token: string): Promise<void> {
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "gatehouse-doctor", version: "1" },
    },
  });
  const refuse = (why: string) =>
    new Stopped(
      "walk.token",
      `The MCP server does not take the token that it asked for: ${why}.`,
      "MCP server",
      "check tokens for its own resource, with its own credential.",
    );
  let answer: Received;
  try {
    answer = await wire.ask(server, {
      method: "POST",
      headers: {
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        "mcp-protocol-version": "2025-06-18",
        authorization: `Bearer ${token}`,
        "user-agent": "gatehouse-doctor",
      },
      body,
    });
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw refuse(sentence(error.message));
  }
  if (answer.status === 401 || answer.status === 403 || answer.status >= 500) throw refuse(saidIn(answer));
}
