import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { asForm, claimsFor, type SigningKey } from "../support/assertions.ts";
import type { TestGatehouse } from "../support/gatehouse.ts";
import { type Answer, pkce, type Tokens } from "../support/oauth-client.ts";
import { type Arrival, UserAgent } from "../support/user-agent.ts";
import { type ClientFixture, mcpServer, type SentParameters } from "./fixture.ts";
import { send } from "./program.ts";

/** What a client keeps of being known to the server. */
export interface Identity {
  readonly clientId: string;
  readonly secret: string | undefined;
  /** The redirect URI of the sign-in at hand. */
  readonly callback: string;
}

/** What it connects to: this server, or another for comparison. */
export interface AuthorizationServer extends Pick<TestGatehouse, "url" | "issuer" | "clock"> {
  /** False: its answers have no `iss` (RFC 9207). */
  readonly namesIssuer?: boolean;
  /** What a person fills in on its pages, besides the decision. */
  readonly person?: Readonly<Record<string, string>>;
}

/** A connected client. */
export interface Connection {
  readonly identity: Identity;
  readonly tokens: Tokens;
}

interface Endpoints {
  readonly authorize: string;
  readonly token: string;
  readonly register: string;
  readonly revoke: string;
  /** How clients may prove themselves; absent: no metadata say. */
  readonly methods?: readonly string[];
}

/**
 * One installation of a client: does over HTTP what its fixture says, with {@link UserAgent} as the person's
 * browser.
 */
export class SimulatedClient {
  readonly fixture: ClientFixture;
  readonly #server: AuthorizationServer;
  readonly #key: SigningKey | undefined;
  #discovered: Promise<Endpoints> | undefined;

  /** @param key for clients that sign: what their document publishes */
  constructor(server: AuthorizationServer, fixture: ClientFixture, key?: SigningKey) {
    this.#server = server;
    this.fixture = fixture;
    this.#key = key;
  }

  /** Everything from nothing to tokens, as at the first connection. */
  async connect(): Promise<Connection> {
    const identity = await this.identify();
    const redeemed = await this.signIn(identity);
    assert.equal(redeemed.status, 200, redeemed.text);
    assert.equal(redeemed.body.token_type, "Bearer");
    return { identity, tokens: redeemed.body as unknown as Tokens };
  }

  /** Becomes known to the server, whichever way it does that. */
  async identify(callback: string = this.fixture.callbacks[0]): Promise<Identity> {
    const { identity } = this.fixture;
    switch (identity.by) {
      case "registration": {
        const answer = await this.register(callback);
        assert.equal(answer.status, 201, answer.text);
        const { client_id, client_secret } = answer.body;
        return {
          clientId: String(client_id),
          secret: client_secret === undefined ? undefined : String(client_secret),
          callback,
        };
      }
      case "document":
        return { clientId: identity.document.client_id, secret: undefined, callback };
      case "operator":
        return { clientId: identity.clientId, secret: identity.secret, callback };
    }
  }

  async register(callback: string = this.fixture.callbacks[0]): Promise<Answer> {
    const { identity } = this.fixture;
    assert.equal(identity.by, "registration");
    const endpoints = await this.#discover();
    return send(endpoints.register, {
      method: "POST",
      headers: { ...this.fixture.headers, "content-type": "application/json" },
      body: JSON.stringify(identity.metadata(callback)),
    });
  }

  /** Sends the person to sign in, and redeems the code that comes back. */
  async signIn(identity: Identity, browser = new UserAgent()): Promise<Answer> {
    const proof = pkce();
    const state = this.#newState();
    const end = await this.openAuthorization(identity, browser, { state, challenge: proof.challenge });
    const answer = end.url.searchParams;
    assert.ok(isCallback(identity, end.url), `the browser stopped at ${end.url.href}: ${end.html}`);
    assert.equal(answer.get("error"), null, end.url.href);
    const { issuer, namesIssuer = true } = this.#server;
    assert.deepEqual(answer.getAll("iss"), namesIssuer ? [issuer] : []);
    assert.deepEqual(answer.getAll("state"), state === undefined ? [] : [state]);
    return this.#redeem(identity, answer.get("code") ?? "", proof.verifier);
  }

  /**
   * Follows the authorization request until the callback, over the consent page if there is one, or to
   * wherever it ends.
   */
  async openAuthorization(
    identity: Identity,
    browser: UserAgent,
    { state = this.#newState(), challenge = pkce().challenge } = {},
  ): Promise<Arrival> {
    const endpoints = await this.#discover();
    const request = new URLSearchParams({
      response_type: "code",
      client_id: identity.clientId,
      redirect_uri: identity.callback,
      code_challenge: challenge,
      code_challenge_method: "S256",
      ...(state === undefined ? {} : { state }),
    });
    add(request, this.fixture.authorization);
    const until = (url: URL) => isCallback(identity, url);
    let page = await browser.follow(`${endpoints.authorize}?${request}`, until);
    while (page.response.status === 200 && page.html.includes("<form")) {
      page = await browser.submit(page, { decision: "approve", ...this.#server.person }, until);
    }
    return page;
  }

  async refresh(identity: Identity, refreshToken: string): Promise<Answer> {
    const { refresh } = this.fixture;
    assert.ok(refresh, `${this.fixture.name} never refreshes`);
    const form = new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken });
    add(form, refresh.parameters);
    return this.#post((await this.#discover()).token, form, identity);
  }

  /** As at signing out. */
  async revoke(identity: Identity, tokens: Tokens): Promise<Answer[]> {
    const { revocation } = this.fixture;
    assert.ok(revocation, `${this.fixture.name} never revokes`);
    const { revoke } = await this.#discover();
    const answers: Answer[] = [];
    for (const kind of revocation.tokens) {
      const form = new URLSearchParams({ token: tokens[kind] });
      answers.push(await this.#post(revoke, form, identity, revocation.headers));
    }
    return answers;
  }

  async #redeem(identity: Identity, code: string, verifier: string): Promise<Answer> {
    const form = new URLSearchParams({
      grant_type: "authorization_code",
      code,
      code_verifier: verifier,
      redirect_uri: identity.callback,
    });
    add(form, this.fixture.redemption);
    return this.#post((await this.#discover()).token, form, identity);
  }

  async #post(
    url: string,
    form: URLSearchParams,
    { clientId, secret }: Identity,
    ownHeaders = this.fixture.headers,
  ): Promise<Answer> {
    const headers: Record<string, string> = {
      ...ownHeaders,
      "content-type": "application/x-www-form-urlencoded",
    };
    const authenticates = await this.#method();
    if (authenticates === "client_secret_basic") {
      headers.authorization = `Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}`;
    } else {
      form.set("client_id", clientId);
    }
    if (authenticates === "client_secret_post") form.set("client_secret", secret ?? "");
    if (authenticates === "private_key_jwt") add(form, await this.#assertion(clientId));
    return send(url, { method: "POST", headers, body: form.toString() });
  }

  /** The SDK posts its secret where Basic is not offered. */
  async #method(): Promise<ClientFixture["authenticates"]> {
    const { authenticates } = this.fixture;
    const { methods } = await this.#discover();
    return authenticates === "client_secret_basic" && !(methods ?? [authenticates]).includes(authenticates)
      ? "client_secret_post"
      : authenticates;
  }

  async #assertion(clientId: string): Promise<Record<string, string>> {
    assert.ok(this.#key, `${this.fixture.name} needs a key`);
    return asForm(await this.#key.sign(claimsFor(this.#server, clientId)));
  }

  #newState(): string | undefined {
    const { stateLength } = this.fixture;
    return stateLength === undefined
      ? undefined
      : randomBytes(stateLength).toString("base64url").slice(0, stateLength);
  }

  #discover(): Promise<Endpoints> {
    this.#discovered ??= this.#findEndpoints();
    return this.#discovered;
  }

  /** Field notes, rule (h): what is not there is 404, and the client looks further. */
  async #findEndpoints(): Promise<Endpoints> {
    const origin = this.#server.url;
    const { paths, headers } = this.fixture.discovery;
    for (const path of paths) {
      const { status, body } = await send(origin + path, {
        headers: { ...this.fixture.headers, ...headers },
      });
      if (status === 200) return this.#readMetadata(body);
      assert.equal(status, 404, path);
    }
    return {
      authorize: `${origin}/authorize`,
      token: `${origin}/token`,
      register: `${origin}/register`,
      revoke: `${origin}/revoke`,
    };
  }

  /**
   * Refuses what the client would: all of them compare the issuer to the letter, and go no further without
   * PKCE and their own method.
   */
  #readMetadata(metadata: Answer["body"]): Endpoints {
    const { identity, authenticates } = this.fixture;
    assert.equal(metadata.issuer, this.#server.issuer);
    assert.deepEqual(metadata.code_challenge_methods_supported, ["S256"]);
    const methods = metadata.token_endpoint_auth_methods_supported as string[];
    const basic = ["client_secret_basic", "client_secret_post"];
    assert.ok(
      methods.some(
        (method) => method === authenticates || (basic.includes(authenticates) && basic.includes(method)),
      ),
    );
    if (identity.by === "document") assert.equal(metadata.client_id_metadata_document_supported, true);
    return {
      authorize: String(metadata.authorization_endpoint),
      token: String(metadata.token_endpoint),
      register: String(metadata.registration_endpoint),
      revoke: String(metadata.revocation_endpoint),
      methods,
    };
  }
}

/** What the client's MCP server is configured as. */
export function resourceOf({ mcpServer: own }: ClientFixture): string {
  return own ?? mcpServer;
}

function isCallback({ callback }: Identity, url: URL): boolean {
  return url.href.split("?")[0] === new URL(callback).href;
}

function add(form: URLSearchParams, parameters: SentParameters): void {
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of typeof value === "string" ? [value] : value) form.append(name, one);
  }
}
