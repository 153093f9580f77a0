import { hash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { GithubEndpoints } from "../../src/identity/github/endpoints.ts";
import { closeServer, listen } from "./upstream.ts";

export interface GithubAccount {
  readonly id: number;
  login: string;
  name: string | null;
  /** On the profile: whatever its owner typed. */
  email: string | null;
  emails: { email: string; primary: boolean; verified: boolean }[];
  /** By the organisation's login. */
  memberships: Record<string, "active" | "pending">;
  /** As `org/slug`. */
  teams: string[];
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * A stand-in for GitHub: an OAuth app's sign-in, which demands PKCE, and the part of the REST API that tells
 * who somebody is, a hundred a page at most. It signs in whoever it is told to.
 */
export interface Github {
  /** Of github.com, with this server in its place. */
  readonly endpoints: GithubEndpoints;
  /** As an Enterprise Server: its API is below `/api/v3`. */
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Who is signed in next. */
  account: GithubAccount;
  /** What the person leaves ticked; all that is asked for unless said. */
  granted: string | undefined;
  /** Organisations that let no OAuth app in that their owners have not approved. */
  readonly restricted: Set<string>;
  /** Organisations that demand a SAML sign-in. */
  readonly saml: Set<string>;
  /** Answers a path in place of the right answer. */
  readonly answers: Map<string, Answer>;
  /** All requests so far, as `METHOD path`, in order. */
  readonly requests: string[];
  /** The query of the latest request to sign in. */
  readonly asked: URLSearchParams;
  /** The API token that the account's sign-in gave last. */
  readonly token: string;
  /** The person withdraws what they allowed. */
  withdraw(): void;
  /** As the browser does it: from our request to the callback with a code. */
  signIn(url: URL): Promise<URL>;
  close(): Promise<void>;
}

export function anAccount(account: Partial<GithubAccount> = {}): GithubAccount {
  return {
    id: 583231,
    login: "ada",
    name: "Ada Lovelace",
    email: null,
    emails: [{ email: "ada@example.com", primary: true, verified: true }],
    memberships: {},
    teams: [],
    ...account,
  };
}

export async function startGithub(): Promise<Github> {
  const codes = new Map<
    string,
    { account: GithubAccount; challenge: string; scope: string; redirectUri: string }
  >();
  const tokens = new Map<string, { account: GithubAccount; scopes: readonly string[] }>();
  let asked = new URLSearchParams();
  let lastToken = "";
  let serial = 0;

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", origin);
    github.requests.push(`${request.method} ${url.pathname}`);
    const bent = github.answers.get(url.pathname);
    if (bent !== undefined) return bent(request, response);
    if (url.pathname === "/login/oauth/authorize") return authorize(url, response);
    if (url.pathname === "/login/oauth/access_token") return exchange(request, response);
    return callApi(request, url, response);
  });
  const origin = await listen(server);

  function authorize({ searchParams }: URL, response: ServerResponse) {
    asked = searchParams;
    const challenge = searchParams.get("code_challenge") ?? "";
    const redirectUri = searchParams.get("redirect_uri") ?? "";
    if (!searchParams.get("state") || searchParams.get("code_challenge_method") !== "S256" || !challenge) {
      return json(response, 400, { error: "state and an S256 challenge are missing" });
    }
    const code = `code-${++serial}`;
    const scope = github.granted ?? (searchParams.get("scope") ?? "").replaceAll(" ", ",");
    codes.set(code, { account: github.account, challenge, scope, redirectUri });
    const back = new URL(redirectUri);
    back.searchParams.set("code", code);
    back.searchParams.set("state", searchParams.get("state") ?? "");
    response.writeHead(302, { location: back.href }).end();
  }

  async function exchange(request: IncomingMessage, response: ServerResponse) {
    let text = "";
    for await (const chunk of request) text += chunk;
    const form = new URLSearchParams(text);
    // Errors have the status 200, and without this header nothing is JSON.
    const answer = (body: Record<string, string>) =>
      request.headers.accept === "application/json"
        ? json(response, 200, body)
        : response.end(new URLSearchParams(body).toString());
    if (form.get("client_id") !== github.clientId || form.get("client_secret") !== github.clientSecret) {
      return answer({ error: "incorrect_client_credentials", error_description: "The client_id is wrong." });
    }
    const code = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    const verifier = hash("sha256", form.get("code_verifier") ?? "", "base64url");
    if (code === undefined || verifier !== code.challenge || form.get("redirect_uri") !== code.redirectUri) {
      return answer({
        error: "bad_verification_code",
        error_description: "The code is incorrect or expired.",
      });
    }
    lastToken = `gho_token-${++serial}`;
    tokens.set(lastToken, { account: code.account, scopes: code.scope.split(",") });
    return answer({ access_token: lastToken, scope: code.scope, token_type: "bearer" });
  }

  function callApi(request: IncomingMessage, url: URL, response: ServerResponse) {
    const path = url.pathname.replace(/^\/api\/v3/, "");
    const known = tokens.get((request.headers.authorization ?? "").replace(/^Bearer /, ""));
    if (known === undefined) return json(response, 401, { message: "Bad credentials" });
    if (!request.headers["user-agent"]) return json(response, 403, { message: "a user agent is demanded" });
    const { account, scopes } = known;
    const may = (scope: string) => scopes.includes(scope);
    const { id, login, name, email } = account;
    if (path === "/user") return json(response, 200, { id, login, name, email, type: "User" });
    if (path === "/user/emails" && may("user:email")) return page(url, response, account.emails);
    if (!may("read:org")) return json(response, 403, { message: "Resource not accessible" });
    const all = Object.entries(account.memberships).map(([organization, state], index) => ({
      state,
      role: "member",
      organization: { login: organization, id: 1000 + index },
    }));
    const hidden = all.filter((each) => github.saml.has(each.organization.login));
    if (hidden.length > 0) {
      const numbers = hidden.map(({ organization }) => organization.id).join(",");
      response.setHeader("x-github-sso", `partial-results; organizations=${numbers}`);
    }
    const visible = (organization: string) =>
      !github.saml.has(organization) && !github.restricted.has(organization);
    if (path === "/user/memberships/orgs") {
      const wanted = url.searchParams.get("state");
      const listed = all.filter(
        ({ state, organization }) => visible(organization.login) && (wanted === null || state === wanted),
      );
      return page(url, response, listed);
    }
    if (path === "/user/teams") {
      const teams = account.teams.map((team) => {
        const [organization = "", slug] = team.split("/");
        return { id: 1, slug, organization: { login: organization } };
      });
      return page(
        url,
        response,
        teams.filter((team) => visible(team.organization.login)),
      );
    }
    const organization = decodeURIComponent(path.replace("/user/memberships/orgs/", ""));
    if (github.restricted.has(organization)) {
      const message = `Although you appear to have the correct authorization credentials, the \`${organization}\` organization has enabled OAuth App access restrictions`;
      return json(response, 403, { message });
    }
    if (github.saml.has(organization)) {
      response.setHeader(
        "x-github-sso",
        `required; url=https://github.com/orgs/${organization}/sso?authorization_request=SECRET`,
      );
      return json(response, 403, { message: "Resource protected by organization SAML enforcement." });
    }
    const membership = all.find(
      (each) => each.organization.login.toLowerCase() === organization.toLowerCase(),
    );
    return membership === undefined
      ? json(response, 404, { message: "Not Found" })
      : json(response, 200, membership);
  }

  function page(url: URL, response: ServerResponse, entries: readonly unknown[]) {
    const size = Math.min(Number(url.searchParams.get("per_page") ?? 30), 100);
    const number = Number(url.searchParams.get("page") ?? 1);
    const next = new URL(url);
    next.searchParams.set("page", String(number + 1));
    if (entries.length > number * size) response.setHeader("link", `<${next.href}>; rel="next"`);
    return json(response, 200, entries.slice((number - 1) * size, number * size));
  }

  const github: Github = {
    endpoints: { issuer: "https://github.com", web: origin, api: origin },
    origin,
    clientId: "Iv1.gatehouse",
    clientSecret: "the-app's-secret",
    account: anAccount(),
    granted: undefined,
    restricted: new Set(),
    saml: new Set(),
    answers: new Map(),
    requests: [],
    get asked() {
      return asked;
    },
    get token() {
      return lastToken;
    },
    withdraw: () => tokens.clear(),
    async signIn(url) {
      const response = await fetch(url, { redirect: "manual" });
      return new URL(response.headers.get("location") ?? "");
    },
    close: () => closeServer(server),
  };
  return github;
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify(body));
}
