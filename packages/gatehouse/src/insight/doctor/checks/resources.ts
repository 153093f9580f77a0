import { isLoopbackUrl } from "../../../oauth/host.ts";
import { type DoctorCheck, type Finding, findingsOf, SkippedCheck } from "../check.ts";
import { type Exchanged, exchange } from "../exchange.ts";

/** MCP servers that are looked at: with more, those that are left out are said. */
const maxLookedAt = 50;
/** Milliseconds for one question. */
const askingMs = 3000;

/** What came of asking an MCP server without a token, and for its metadata (RFC 9728 §3). */
export type ResourceLook =
  /** It is not https, and not on this computer. */
  | { readonly outcome: "unasked" }
  | { readonly outcome: "unreachable"; readonly reason: string }
  /** It does not answer 401. */
  | { readonly outcome: "unchallenged"; readonly status: number }
  | { readonly outcome: "undocumented"; readonly place: string }
  | { readonly outcome: "documented"; readonly resource: unknown; readonly servers: readonly string[] };

/** An MCP server that was asked. */
export interface LookedAtResource {
  readonly identifier: string;
  readonly look: ResourceLook;
  /** Seconds by which its `Date` is ahead of our clock; `undefined`: it did not say. */
  readonly ahead: number | undefined;
}

export interface DoctorResources {
  /** Identifiers of all MCP servers. */
  readonly list: () => Promise<readonly string[]>;
  /** What came of asking them; the same answers, however often they are asked for. */
  readonly look: () => Promise<readonly LookedAtResource[]>;
}

/**
 * Asks those that are in the list, once.
 * @param now seconds since 1970
 */
export function resourcesToAsk(list: DoctorResources["list"], now: () => number): DoctorResources {
  let looked: Promise<readonly LookedAtResource[]> | undefined;
  return {
    list,
    look() {
      looked ??= list().then((all) =>
        Promise.all(all.slice(0, maxLookedAt).map((each) => lookAt(each, now))),
      );
      return looked;
    },
  };
}

/** Whether each MCP server names us and itself to clients, in its 401 and in its metadata. */
export function resourceMetadataCheck({ list, look }: DoctorResources, issuer: string): DoctorCheck {
  const { ok, skipped } = findingsOf("resource.metadata");
  return {
    id: "resource.metadata",
    needs: ["config.valid", "db.schema"],
    async run() {
      const all = await list();
      if (all.length === 0) throw new SkippedCheck("There is no MCP server yet: `gatehouse resources add`.");
      const looked = (await look()).map((each) => judge(each, issuer, all));
      const problems = looked.filter((finding) => finding !== undefined);
      const good = looked.length - problems.length;
      const findings: Finding[] = [...problems];
      if (good > 0) {
        const which =
          good === 1 ? `\`${all.find((_, at) => looked[at] === undefined)}\`` : `${good} MCP servers`;
        findings.unshift(
          ok(good === 1 ? `${which} names itself and us.` : `${which} name themselves and us.`),
        );
      }
      const left = all.length - looked.length;
      return left > 0 ? [...findings, skipped(`${left} more were not looked at.`)] : findings;
    },
  };
}

async function lookAt(identifier: string, now: () => number): Promise<LookedAtResource> {
  const url = new URL(identifier);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopbackUrl(url))) {
    return { identifier, look: { outcome: "unasked" }, ahead: undefined };
  }
  const ask = (address: URL) =>
    exchange(address, { Accept: "application/json, text/event-stream" }, AbortSignal.timeout(askingMs));
  let challenged: Exchanged;
  try {
    challenged = await ask(url);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return { identifier, look: { outcome: "unreachable", reason }, ahead: undefined };
  }
  const { status, headers } = challenged;
  const date = Date.parse(headers.date ?? "");
  const ahead = Number.isNaN(date) ? undefined : Math.floor(date / 1000) - now();
  if (status !== 401) return { identifier, look: { outcome: "unchallenged", status }, ahead };
  const named = /resource_metadata="([^"]+)"/i.exec(headers["www-authenticate"] ?? "")?.[1];
  const place =
    named !== undefined && URL.canParse(named, url)
      ? new URL(named, url)
      : new URL(`/.well-known/oauth-protected-resource${url.pathname === "/" ? "" : url.pathname}`, url);
  const answer = await ask(place).catch(() => undefined);
  const document = readObject(answer?.status === 200 ? answer.body : "");
  if (document === undefined)
    return { identifier, look: { outcome: "undocumented", place: place.href }, ahead };
  const { resource, authorization_servers: sendsTo } = document;
  const servers = Array.isArray(sendsTo) ? sendsTo.map(String) : [];
  return { identifier, look: { outcome: "documented", resource, servers }, ahead };
}

/** `undefined`: all is well. */
function judge(
  { identifier, look }: LookedAtResource,
  issuer: string,
  all: readonly string[],
): Finding | undefined {
  const { warn, fail, skipped } = findingsOf("resource.metadata");
  switch (look.outcome) {
    case "unasked":
      return skipped(`\`${identifier}\` is not https: nothing is sent there.`);
    case "unreachable":
      return warn(
        `\`${identifier}\` does not answer from here (${look.reason}).`,
        "Start it, or look from where clients are: `gatehouse doctor <its address>`.",
      );
    case "unchallenged":
      return look.status < 300
        ? fail(
            `\`${identifier}\` answers ${look.status} without a token: it is open to everybody.`,
            "Have it ask for a token: docs/resource-server.md.",
          )
        : warn(
            `\`${identifier}\` answers ${look.status} in place of 401: clients do not learn where to sign in.`,
            "Have it answer 401 with `WWW-Authenticate`: docs/resource-server.md.",
          );
    case "undocumented":
      return fail(
        `\`${identifier}\` has no metadata at \`${look.place}\`.`,
        "Have it publish its protected resource metadata: docs/resource-server.md.",
      );
    case "documented":
      return judgeDocument(identifier, look, issuer, all);
  }
}

function judgeDocument(
  identifier: string,
  { resource, servers }: Extract<ResourceLook, { outcome: "documented" }>,
  issuer: string,
  all: readonly string[],
): Finding | undefined {
  const { fail } = findingsOf("resource.metadata");
  if (resource !== identifier) {
    return fail(
      `It names \`${String(resource)}\` as resource: clients ask for that, we know \`${identifier}\`.`,
      all.some((known) => known === resource)
        ? `The other is known as well: if it is the right one, give the server that one's credential, and \`gatehouse resources remove ${identifier}\`.`
        : "Correct `resource` in its metadata, or `gatehouse resources add` the other and give the server the credential that prints.",
    );
  }
  return servers.includes(issuer)
    ? undefined
    : fail(
        `\`${identifier}\` sends clients to ${servers.length === 0 ? "nobody" : servers.join(", ")}, not to \`${issuer}\`.`,
        `Put \`${issuer}\` into \`authorization_servers\` of its metadata, to the letter; or correct \`BASE_URL\`, if that is not where people come.`,
      );
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
