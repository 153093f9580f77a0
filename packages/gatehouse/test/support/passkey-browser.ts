import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { inviteFirstPerson, invitePerson } from "../../src/identity/passkey/invite.ts";
import { createPasskeyProvider, type PasskeyProvider } from "../../src/identity/passkey/provider.ts";
import { bindAttempt, resumeAttempt, startAttempt } from "../../src/oauth/authorization/attempt.ts";
import type { Page } from "../../src/oauth/messages/page.ts";
import { Parameters } from "../../src/oauth/messages/parameters.ts";
import type { OAuthRequest } from "../../src/oauth/messages/request.ts";
import type { OAuthResponse } from "../../src/oauth/messages/response.ts";
import type { AuditEvent, Identity, SignInAttempt } from "../../src/oauth/ports.ts";
import type { Account } from "../../src/oauth/records.ts";
import type { Store } from "../../src/oauth/store.ts";
import { type Seconds, seconds } from "../../src/oauth/values.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { aHash, anAccount } from "../contract/records.ts";
import { type Lies, SoftwareAuthenticator } from "./authenticator.ts";
import { StandingClock } from "./gatehouse.ts";

export const origin = "https://auth.example.com";
const random = { bytes: randomBytes };

/** A passkey provider on a store, without a network: its pages are called, not fetched. */
export interface PasskeyServer {
  readonly provider: PasskeyProvider;
  /** Its own. */
  readonly origin: string;
  readonly store: Store;
  readonly clock: StandingClock;
  readonly events: readonly AuditEvent[];
  /** Invites somebody, and gives the link. */
  invite(email: string, over?: Partial<Invitation>): Promise<string>;
  /** The same, with why not. */
  tryInvite(email: string, over?: Partial<Invitation>): ReturnType<typeof invitePerson>;
  /** As a start does that finds nobody. */
  inviteFirst(): Promise<string | undefined>;
  /** Somebody who signed in through another provider. */
  upstreamPerson(email: string): Promise<Account>;
  close(): Promise<void>;
}
type Invitation = {
  readonly groups: readonly string[];
  readonly endsGrants: boolean;
  readonly lifetime: Seconds;
};

/** @param store of another instance, which then shares it */
export async function startPasskeyServer(
  shared: { readonly store?: Store; readonly clock?: StandingClock; readonly issuer?: string } = {},
): Promise<PasskeyServer> {
  const store = shared.store ?? (await openSqliteStore({ path: ":memory:" }));
  const clock = shared.clock ?? new StandingClock();
  const events: AuditEvent[] = [];
  const party = {
    issuer: shared.issuer ?? origin,
    name: "passkey",
    title: "Passkey",
    domains: undefined,
    store,
    clock,
    random,
    events: {
      emit: (event: AuditEvent) => void events.push(event),
      record: async (event: AuditEvent) => void events.push(event),
    },
    resume: resumeAttempt,
    mayHold: (email: string) => !email.endsWith("@elsewhere.example"),
    groupsOf: (email: string) => (email === "grace@example.com" ? ["navy"] : []),
  };
  const tryInvite: PasskeyServer["tryInvite"] = (email, over = {}) =>
    invitePerson(party, {
      groups: [],
      endsGrants: false,
      lifetime: seconds(72 * 3600),
      ...over,
      email,
    });
  return {
    provider: createPasskeyProvider(party),
    origin: party.issuer,
    store,
    clock,
    events,
    tryInvite,
    inviteFirst: async () => (await inviteFirstPerson(party))?.link,
    async invite(email, over) {
      const invited = await tryInvite(email, over);
      assert.ok("link" in invited, JSON.stringify(invited));
      return invited.link;
    },
    async upstreamPerson(email) {
      const authTime = clock.now();
      const account = anAccount({ email });
      const times = { authTime, expiresAt: seconds(authTime + 60) };
      await store.openSession({ sessionHash: aHash(), replaces: undefined, account, ...times });
      const [stored = assert.fail()] = await store.findAccounts(email);
      return stored;
    },
    close: () => store.close(),
  };
}

type Fields = Readonly<Record<string, string>>;
type PageOf<K extends Page["kind"]> = Extract<Page, { kind: K }>;

/** A browser with its cookies, and an authenticator at hand. */
export class PasskeyBrowser {
  readonly cookies = new Map<string, string>();
  readonly authenticator: SoftwareAuthenticator;
  server: PasskeyServer;
  #attempt: SignInAttempt | undefined;

  constructor(server: PasskeyServer, authenticator = new SoftwareAuthenticator(origin)) {
    this.server = server;
    this.authenticator = authenticator;
  }

  async get(url: string, method = "GET"): Promise<OAuthResponse> {
    const { pathname, search } = new URL(url, origin);
    return this.#ask(pathname, { method, rawQuery: search.slice(1) });
  }

  /** @param headers of a form that another site sends */
  async post(
    path: string,
    fields: Fields,
    headers: Partial<OAuthRequest["headers"]> = {},
  ): Promise<OAuthResponse> {
    const form = Parameters.parse(new URLSearchParams(fields).toString());
    return this.#ask(path, {
      method: "POST",
      form,
      headers: { ...noHeaders, origin: this.server.origin, ...headers },
    });
  }

  async #ask(path: string, about: Partial<OAuthRequest>): Promise<OAuthResponse> {
    const page = this.server.provider.pages.find((one) => one.path === path) ?? assert.fail(path);
    const query = Parameters.parse(about.rawQuery ?? "");
    const cookies = new Map(this.cookies);
    const answer = await page.endpoint({ ...blank, query, cookies, ...about });
    for (const { name, value, maxAge } of answer.cookies ?? []) {
      if (maxAge > 0) this.cookies.set(name, value);
      else this.cookies.delete(name);
    }
    return answer;
  }

  /** Opens an invitation's link and takes it. */
  async take(link: string): Promise<OAuthResponse> {
    const shown = await this.get(link);
    if (shown.page?.kind !== "invitation") return shown;
    const { action, token } = shown.page;
    const taken = await this.post(action, { token });
    return taken.headers?.Location === undefined ? taken : this.get(taken.headers.Location);
  }

  /** From the link to the passkey. */
  async register(link: string, fields: Fields = {}, lies: Lies = {}): Promise<OAuthResponse> {
    return this.finish(pageOf(await this.take(link), "passkey-registration"), fields, lies);
  }

  finish(page: PageOf<"passkey-registration">, fields: Fields = {}, lies: Lies = {}): Promise<OAuthResponse> {
    const { action, invitation, options } = page;
    const answer = this.authenticator.make(options, lies);
    return this.post(action, { invitation, answer, ...fields });
  }

  /** The page where a client's attempt sends the browser. */
  async openSignIn(): Promise<PageOf<"passkey-sign-in">> {
    const attempt = startAttempt(random);
    const [cookie = assert.fail()] = bindAttempt(blank, attempt, seconds(600));
    this.cookies.set(cookie.name, cookie.value);
    this.#attempt = { state: attempt.handle, nonce: "n", codeVerifier: "v", prompt: "select_account" };
    const url = await this.server.provider.signInUrl(this.#attempt);
    return pageOf(await this.get(url.href), "passkey-sign-in");
  }

  answerSignIn(page: PageOf<"passkey-sign-in">, lies: Lies = {}): Promise<OAuthResponse> {
    return this.send(page, this.authenticator.sign(page.options, lies));
  }

  send({ action, state }: PageOf<"passkey-sign-in">, answer: string): Promise<OAuthResponse> {
    return this.post(action, { state, answer });
  }

  /** What the callback makes of the page's answer. */
  async callback({ headers }: OAuthResponse): Promise<Identity> {
    const attempt = this.#attempt ?? assert.fail("no sign-in was begun");
    return this.server.provider.completeSignIn(
      new URL(headers?.Location ?? assert.fail("no redirect")),
      attempt,
    );
  }

  /** From the page to who it is; throws what the page says when that is nobody. */
  async signIn(lies: Lies = {}): Promise<Identity> {
    const answer = await this.answerSignIn(await this.openSignIn(), lies);
    if (answer.page !== undefined) throw new Error(problemOf(answer));
    return this.callback(answer);
  }

  /** The list of one's own passkeys, after showing one. */
  async visit(): Promise<PageOf<"own-passkeys">> {
    const { action, options } = pageOf(await this.get("/passkeys"), "passkey-entrance");
    const entered = await this.post(action, { step: "enter", answer: this.authenticator.sign(options) });
    return pageOf(
      await this.get(entered.headers?.Location ?? assert.fail(problemOf(entered))),
      "own-passkeys",
    );
  }
}

const noHeaders = {
  authorization: undefined,
  origin: undefined,
  secFetchSite: undefined,
  referer: undefined,
  userAgent: undefined,
};

const blank: OAuthRequest = {
  id: "r1",
  method: "GET",
  query: Parameters.parse(""),
  rawQuery: "",
  form: undefined,
  json: undefined,
  body: "",
  headers: noHeaders,
  cookies: new Map(),
  address: "192.0.2.7",
};

export function pageOf<K extends Page["kind"]>({ page }: OAuthResponse, kind: K): PageOf<K> {
  assert.equal(page?.kind, kind, JSON.stringify(page));
  return page as PageOf<K>;
}

/** Why a page is shown again, or what an error page says. */
export function problemOf({ page, status }: OAuthResponse): string {
  if (page === undefined) return `${status}`;
  if (page.kind === "error") return page.reason.key;
  return "problem" in page ? (page.problem ?? page.kind) : page.kind;
}
