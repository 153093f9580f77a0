import { SignInError } from "../../oauth/ports.ts";
import type { Outbound } from "../outbound.ts";

/** An answer of GitHub's REST API, understood as JSON. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  /** Numbers of the organisations left out of a list because the person has no SAML session there. */
  readonly hidden: readonly number[];
  /** What GitHub says of an error, in words for the log. */
  readonly explanation: string;
}

export interface ApiList {
  readonly entries: readonly Readonly<Record<string, unknown>>[];
  readonly hidden: readonly number[];
}

/** What GitHub answers to one token. Everything throws {@link SignInError} that is no answer at all. */
export interface GithubApi {
  /** The answer, whatever its status is. */
  ask(path: string): Promise<ApiAnswer>;
  /** All pages of a list. Throws {@link SignInError} when one cannot be had, or when there are too many. */
  list(path: string): Promise<ApiList>;
}

const pageSize = 100;
const maxPages = 10;

/**
 * Every URL is made here, of the API's own address: what an answer names as its next page or as anything else
 * is never gone to, so that the token goes nowhere else (V34, V-n14).
 * @param signal ends all of it, however many pages are still to be read
 */
export function githubApi(apiUrl: string, token: string, outbound: Outbound, signal: AbortSignal): GithubApi {
  const headers = {
    accept: "application/vnd.github+json",
    authorization: `Bearer ${token}`,
    "user-agent": "gatehouse",
  };

  async function fetchAnswer(path: string): Promise<ApiAnswer & { readonly hasNext: boolean }> {
    const response = await outbound(apiUrl + path, { headers, signal });
    const body = parse(await response.text());
    return {
      status: response.status,
      body,
      hidden: hiddenOrganizations(response.headers),
      explanation: `GET ${apiUrl}${path} answered ${response.status}${saidBy(body, response.headers)}`,
      // The address beside it is not looked at.
      hasNext: /;\s*rel="?next"?/.test(response.headers.get("link") ?? ""),
    };
  }

  return {
    ask: fetchAnswer,
    async list(path) {
      const entries: Readonly<Record<string, unknown>>[] = [];
      const hidden: number[] = [];
      for (let page = 1; page <= maxPages; page++) {
        const separator = path.includes("?") ? "&" : "?";
        const answer = await fetchAnswer(`${path}${separator}per_page=${pageSize}&page=${page}`);
        if (answer.status !== 200) throw failedAnswer(answer);
        if (!Array.isArray(answer.body)) throw unreadable(answer);
        entries.push(...answer.body.filter(isObject));
        hidden.push(...answer.hidden);
        if (!answer.hasNext && answer.body.length < pageSize) return { entries, hidden };
      }
      throw new SignInError("server_error", `${apiUrl}${path} has more than ${maxPages * pageSize} entries`);
    },
  };
}

/** An answer that is no success: whether to try again later, and what the log says. */
export function failedAnswer({ status, explanation, body }: ApiAnswer): SignInError {
  const limited = status === 403 && isObject(body) && /rate limit/i.test(String(body.message));
  return status >= 500 || status === 429 || limited
    ? new SignInError("temporarily_unavailable", explanation, { hint: "GitHub cannot answer right now" })
    : new SignInError("server_error", explanation, { hint: "GitHub refused to tell who signed in" });
}

export function unreadable({ explanation }: ApiAnswer): SignInError {
  return new SignInError("server_error", `${explanation}, and not what its documentation says`);
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a page of HTML, say
  }
}

/** `X-GitHub-SSO: partial-results; organizations=21955855,20582480` */
function hiddenOrganizations(headers: Headers): number[] {
  const [, numbers = ""] = /^partial-results;\s*organizations=([\d,\s]+)/.exec(sso(headers)) ?? [];
  return numbers.split(",").filter(Boolean).map(Number);
}

/** V34: GitHub names the two usual causes itself; what stands there besides may be a link with a secret. */
function saidBy(body: unknown, headers: Headers): string {
  const message = isObject(body) && typeof body.message === "string" ? body.message.slice(0, 300) : undefined;
  const said = message === undefined ? "" : ` ${JSON.stringify(message)}`;
  if (sso(headers).startsWith("required")) {
    return `${said}: the organisation demands a SAML sign-in that this authorization was made without; the person signs in to it at GitHub, and then here again`;
  }
  if (message !== undefined && /access restrictions/i.test(message)) {
    return `${said}: an owner of the organisation has to approve the OAuth app, in its settings under third-party access`;
  }
  return said;
}

const sso = (headers: Headers) => headers.get("x-github-sso") ?? "";
