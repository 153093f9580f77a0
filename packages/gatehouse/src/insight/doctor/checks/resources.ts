import { isLoopbackUrl } from "../../../oauth/host.ts";
import { type DoctorCheck, type Finding, findingsOf, SkippedCheck } from "../check.ts";
import { type Exchanged, exchange } from "../exchange.ts";

/** MCP servers that are looked at: with more, those that are left out are said. */
const maxLookedAt = 50;
/** Milliseconds for one question. */
const askingMs = 3000;

/**
 * Whether each MCP server names us and itself to clients, in its 401 and in its metadata (RFC 9728 §3).
 * @param list identifiers of the MCP servers
 */
export function resourceMetadataCheck(list: () => Promise<readonly string[]>, issuer: string): DoctorCheck {
  const { ok, skipped } = findingsOf("resource.metadata");
  return {
    id: "resource.metadata",
    needs: ["config.valid", "db.schema"],
    async run(signal) {
      const all = await list();
      if (all.length === 0) throw new SkippedCheck("There is no MCP server yet: `gatehouse resources add`.");
      const looked = await Promise.all(
        all.slice(0, maxLookedAt).map((identifier) => judge(identifier, issuer, all, signal)),
      );
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

/** `undefined`: all is well. */
async function judge(
  identifier: string,
  issuer: string,
  all: readonly string[],
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const { warn, fail, skipped } = findingsOf("resource.metadata");
  const url = new URL(identifier);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopbackUrl(url))) {
    return skipped(`\`${identifier}\` is not https: nothing is sent there.`);
  }
  const ask = (address: URL) => {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(askingMs)]);
    return exchange(address, { Accept: "application/json, text/event-stream" }, bounded);
  };
  let challenged: Exchanged;
  try {
    challenged = await ask(url);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return warn(
      `\`${identifier}\` does not answer from here (${reason}).`,
      "Start it, or look from where clients are: `gatehouse doctor <its address>`.",
    );
  }
  if (challenged.status !== 401) {
    return challenged.status < 300
      ? fail(
          `\`${identifier}\` answers ${challenged.status} without a token: it is open to everybody.`,
          "Have it ask for a token: docs/resource-server.md.",
        )
      : warn(
          `\`${identifier}\` answers ${challenged.status} in place of 401: clients do not learn where to sign in.`,
          "Have it answer 401 with `WWW-Authenticate`: docs/resource-server.md.",
        );
  }
  const named = /resource_metadata="([^"]+)"/i.exec(challenged.headers["www-authenticate"] ?? "")?.[1];
  const place =
    named !== undefined && URL.canParse(named, url)
      ? new URL(named, url)
      : new URL(`/.well-known/oauth-protected-resource${url.pathname === "/" ? "" : url.pathname}`, url);
  const answer = await ask(place).catch(() => undefined);
  const document = readObject(answer?.status === 200 ? answer.body : "");
  if (document === undefined) {
    return fail(
      `\`${identifier}\` has no metadata at \`${place.href}\`.`,
      "Have it publish its protected resource metadata: docs/resource-server.md.",
    );
  }
  if (document.resource !== identifier) {
    return fail(
      `It names \`${String(document.resource)}\` as resource: clients ask for that, we know \`${identifier}\`.`,
      all.some((known) => known === document.resource)
        ? `The other is known as well: if it is the right one, give the server that one's credential, and \`gatehouse resources remove ${identifier}\`.`
        : "Correct `resource` in its metadata, or `gatehouse resources add` the other and give the server the credential that prints.",
    );
  }
  const servers = Array.isArray(document.authorization_servers) ? document.authorization_servers : [];
  return servers.includes(issuer)
    ? undefined
    : fail(
        `\`${identifier}\` sends clients to ${servers.length === 0 ? "nobody" : servers.map(String).join(", ")}, not to \`${issuer}\`.`,
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
