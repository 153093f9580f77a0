import { type DoctorCheck, type Finding, findingsOf, SkippedCheck } from "../check.ts";
import type { Exchanged } from "../exchange.ts";
import type { ServersView } from "../servers-view.ts";

/** What came of asking the server through `BASE_URL`. */
export type AskedServer =
  | {
      readonly outcome: "answered";
      /** Of the request that brought no cookie. */
      readonly view: ServersView;
      /** Of those that brought the cookie of the first, each on a connection of its own. */
      readonly later: readonly ServersView[];
      readonly answer: Exchanged;
    }
  /** Something else answers. */
  | { readonly outcome: "foreign"; readonly answer: Exchanged }
  | { readonly outcome: "unreachable"; readonly error: NodeJS.ErrnoException }
  /** There is no key to ask with. */
  | { readonly outcome: "unkeyed"; readonly why: string };

export interface DoctorPublic {
  /** `BASE_URL`. */
  readonly issuer: string;
  /** Where the well-known document is. */
  readonly metadataUrl: URL;
  /** Where the server can be asked on this computer, past any proxy. */
  readonly localUrl: string | undefined;
  /** The same answer, however often it is asked for. */
  readonly ask: () => Promise<AskedServer>;
  /** Whether the server answers at `localUrl`; the same answer, however often it is asked for. */
  readonly askLocally: () => Promise<ServersView | undefined>;
  readonly fetchMetadata: (signal: AbortSignal) => Promise<Exchanged>;
  /** Why a certificate is refused, with whose it is; only where it is. */
  readonly describeRefusal: (error: unknown) => Promise<string | undefined>;
  /** Whether what an address says of others is believed. */
  readonly isTrustedProxy: (address: string) => boolean;
  /** Addresses of this computer. */
  readonly ownAddresses: readonly string[];
  readonly now: () => number;
}

export function publicChecks(server: DoctorPublic): DoctorCheck[] {
  const checks = { reach, url, tls, proxy, cookies };
  return Object.entries(checks).map(([name, run]) => ({
    id: `public.${name}`,
    needs: ["config.valid"],
    run: (signal) => run(server, signal),
  }));
}

async function reach(server: DoctorPublic, signal: AbortSignal): Promise<readonly Finding[]> {
  const { ok, fail } = findingsOf("public.reach");
  const { issuer, localUrl } = server;
  const asked = await server.ask();
  if (asked.outcome === "unkeyed") throw new SkippedCheck(asked.why);
  if (asked.outcome === "answered") {
    const metadata = await judgeMetadata(server, signal);
    return [metadata ?? ok(`\`${issuer}\` is this server.`)];
  }
  const here =
    (await server.askLocally()) === undefined ? "" : ` The server itself answers at \`${localUrl}\`.`;
  if (asked.outcome === "foreign") {
    const { status } = asked.answer;
    if (status >= 502 && status <= 504) {
      return [
        fail(
          `The proxy at \`${issuer}\` answers ${status}: it does not reach the server.${here}`,
          here === "" ? "Start the server." : "Correct the address to which the proxy sends.",
        ),
      ];
    }
    return [
      fail(
        `\`${issuer}\` answers, but it is not this server (no answer to the challenge, ${status}).${here}`,
        "Check DNS and proxy, that both have the same `SECRET_KEY`, and their clocks.",
      ),
    ];
  }
  const { error } = asked;
  if ((await server.describeRefusal(error)) !== undefined) {
    return [fail(`\`${issuer}\` shows a certificate that is refused.${here}`, "See `public.tls`.")];
  }
  const reason = error.code ?? error.message;
  return [
    fail(
      `Nothing answers at \`${issuer}\` (${reason}).${here}`,
      here === ""
        ? "Start the server; if it runs, check `BASE_URL`, DNS and proxy."
        : "Check `BASE_URL`, DNS, proxy and firewall.",
    ),
  ];
}

/** A document at the origin's root is forgotten by proxies that hand on a path. */
async function judgeMetadata(server: DoctorPublic, signal: AbortSignal): Promise<Finding | undefined> {
  const { fail } = findingsOf("public.reach");
  const { status, body } = await server.fetchMetadata(signal);
  const mend = `Have the proxy hand on \`${server.metadataUrl.pathname}\`: clients look there first.`;
  if (status !== 200) return fail(`\`${server.metadataUrl.href}\` answers ${status}.`, mend);
  const found = readIssuer(body);
  return found === server.issuer
    ? undefined
    : fail(`\`${server.metadataUrl.href}\` names another issuer: \`${found}\`.`, mend);
}

/** What a description of an authorization server says of itself, in words where it does not. */
export function readIssuer(body: string): string {
  try {
    const document: unknown = JSON.parse(body);
    const issuer =
      typeof document === "object" && document !== null && "issuer" in document && document.issuer;
    return typeof issuer === "string" ? issuer : "none";
  } catch {
    return "no JSON";
  }
}

async function url(server: DoctorPublic): Promise<readonly Finding[]> {
  const { ok, warn, fail } = findingsOf("public.url");
  const { path, host, forwarding } = await viewOf(server);
  const { pathname, host: wanted, protocol } = new URL(server.issuer);
  const base = pathname.replace(/\/$/, "");
  const arrived = path.replace(/\/doctor$/, "");
  if (arrived !== base) {
    const has = base === "" ? "`BASE_URL` has no path" : `\`BASE_URL\` has the path \`${base}\``;
    return [
      fail(
        `Requests arrive as \`${arrived}/authorize\`, ${has}.`,
        "Have the proxy hand the path on as it came: strip or add no prefix.",
      ),
    ];
  }
  const findings: Finding[] = [];
  const proto = forwarding["x-forwarded-proto"]?.split(",")[0]?.trim();
  if (proto !== undefined && `${proto}:` !== protocol) {
    findings.push(
      warn(
        `The proxy says that people come by ${proto}, \`BASE_URL\` is ${protocol.slice(0, -1)}.`,
        "Correct `BASE_URL`, or what the proxy writes into `X-Forwarded-Proto`.",
      ),
    );
  }
  const named = forwarding["x-forwarded-host"]?.split(",")[0]?.trim() ?? host;
  if (named !== wanted) {
    findings.push(
      warn(
        `Requests arrive for the host \`${named}\`, \`BASE_URL\` is \`${wanted}\`.`,
        "Have the proxy keep the `Host` header.",
      ),
    );
  }
  return findings.length > 0 ? findings : [ok("Scheme, host and path arrive as they are sent.")];
}

/** Days left from which on it is time to do something. */
const scarceDays = 14;

async function tls(server: DoctorPublic): Promise<Finding> {
  const { ok, warn, fail } = findingsOf("public.tls");
  if (!server.issuer.startsWith("https:")) throw new SkippedCheck("`BASE_URL` is http, on this computer.");
  const asked = await server.ask();
  if (asked.outcome === "unkeyed") throw new SkippedCheck(asked.why);
  if (asked.outcome === "unreachable") {
    const refusal = await server.describeRefusal(asked.error);
    if (refusal === undefined) throw new SkippedCheck("Nothing answers: see `public.reach`.");
    return fail(refusal, "Renew it, or install the right one with its whole chain, at the proxy.");
  }
  const { tls: shown, headers } = asked.answer;
  const days = shown === undefined ? 0 : Math.floor((shown.validTo.getTime() / 1000 - server.now()) / 86_400);
  const good = `The certificate is good for ${days} ${days === 1 ? "day" : "days"}`;
  if (days < scarceDays) return warn(`${good}.`, "Renew it at the proxy.");
  if (asked.outcome === "answered" && headers["strict-transport-security"] === undefined) {
    return warn(
      `${good}, but the proxy drops \`Strict-Transport-Security\`.`,
      "Have it hand our headers on.",
    );
  }
  return ok(`${good} (${shown?.protocol}).`);
}

async function proxy(server: DoctorPublic): Promise<Finding> {
  const { ok, warn, fail } = findingsOf("public.proxy");
  const { address, peer: peerAsSeen, forwarding } = await viewOf(server);
  const peer = withoutMapping(peerAsSeen);
  const hops = forwarding["x-forwarded-for"]?.split(",").map((hop) => withoutMapping(hop.trim())) ?? [];
  // From this computer a proxy on it brings an address that is its own as well.
  if (hops.length > 0 && address === peer && !server.isTrustedProxy(peer)) {
    return fail(
      `Everybody arrives as ${peer}: what this proxy says of people's addresses is not believed.`,
      `Put it into \`TRUSTED_PROXIES\`: \`TRUSTED_PROXIES=${peer}\`.`,
    );
  }
  if (hops.length > 1 && isPrivate(address) && hops[0] !== address) {
    return warn(
      `People arrive as ${address}, which looks like another proxy: it came with ${hops.join(", ")}.`,
      `If it is one, put it into \`TRUSTED_PROXIES\` too.`,
    );
  }
  if (hops.length > 0) return ok("A proxy is in between, and people's addresses arrive.");
  if (server.ownAddresses.includes(peer)) return ok("No proxy is in between: people's addresses arrive.");
  if (Object.keys(forwarding).length === 0 && !isPrivate(peer))
    return ok(`Requests of this computer arrive as ${peer}.`);
  return warn(
    `Requests of this computer arrive as ${peer}, without \`X-Forwarded-For\`: everybody may count as one.`,
    "Have the proxy add `X-Forwarded-For`, and put it into `TRUSTED_PROXIES`.",
  );
}

const withoutMapping = (address: string) => address.replace(/^::ffff:(?=[\d.]+$)/, "");

const isPrivate = (address: string) =>
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|127\.|::1$|f[cd])/i.test(address);

async function cookies(server: DoctorPublic): Promise<Finding> {
  const { ok, fail, skipped } = findingsOf("public.cookies");
  const asked = await server.ask();
  if (asked.outcome !== "answered") throw new SkippedCheck("The server is not reached: see `public.reach`.");
  const { headers } = asked.answer;
  const [cookie] = headers["set-cookie"] ?? [];
  const mend = "Have the proxy hand `Set-Cookie` and `Cookie` on as they are.";
  if (cookie === undefined) return fail("The proxy drops `Set-Cookie`: nobody can sign in.", mend);
  const isSecure = server.issuer.startsWith("https:");
  const wanted = ["Path=/", "HttpOnly", "SameSite=Lax", ...(isSecure ? ["Secure"] : [])];
  const attributes = cookie.split(";").map((part) => part.trim().toLowerCase());
  const lost = wanted.filter((attribute) => !attributes.includes(attribute.toLowerCase()));
  const added = attributes.find((attribute) => attribute.startsWith("domain="));
  const isRenamed = isSecure && !cookie.startsWith("__Host-");
  if (lost.length > 0 || added !== undefined || isRenamed) {
    const what = isRenamed ? "its name" : (added ?? lost.join(", "));
    return fail(`The proxy rewrites \`Set-Cookie\` (${what}).`, mend);
  }
  if (asked.later.length === 0) return skipped("The server answered once, and not again in time.");
  const sent = cookie.split(";", 1)[0]?.split("=")[1] ?? "";
  if (asked.later.every((view) => view.cookie !== sent)) {
    return fail("The proxy drops cookies on their way to the server.", mend);
  }
  return ok("Cookies come back.");
}

async function viewOf(server: DoctorPublic): Promise<ServersView> {
  const asked = await server.ask();
  if (asked.outcome === "answered") return asked.view;
  throw new SkippedCheck("The server is not reached: see `public.reach`.");
}

/** Whether all that answer run with one configuration, which is the one that stands here. */
export function sameConfigurationCheck(
  server: DoctorPublic,
  own: { readonly fingerprint: string; readonly file: string | undefined },
): DoctorCheck {
  const { ok, warn } = findingsOf("config.same");
  return {
    id: "config.same",
    needs: ["config.valid"],
    async run() {
      const asked = await server.ask();
      const locally = asked.outcome === "answered" ? undefined : await server.askLocally();
      const views =
        asked.outcome === "answered" ? [asked.view, ...asked.later] : locally === undefined ? [] : [locally];
      if (views.length === 0) throw new SkippedCheck("No running server answers.");
      const byInstance = new Map(views.map(({ instance, configuration }) => [instance, configuration]));
      const running = [...byInstance].map(([instance, { fingerprint }]) => ({ instance, fingerprint }));
      const others = running.filter(({ fingerprint }) => fingerprint !== running[0]?.fingerprint);
      if (others.length > 0) {
        const each = running.map(({ instance, fingerprint }) => `\`${instance}\` ${fingerprint}`);
        return warn(
          `The instances run different configurations: ${each.join(", ")}.`,
          "Restart or reload those that are behind.",
        );
      }
      const problems = views.flatMap(({ checks }) =>
        checks.flatMap(({ name, details }) => (name === "configuration" ? details : [])),
      );
      if (problems.length > 0)
        return warn(`${[...new Set(problems)].join("; ")}.`, "Mend it, then reload or restart.");
      if (running[0]?.fingerprint !== own.fingerprint) {
        return warn(
          `The running server has another configuration (${running[0]?.fingerprint}) than this command reads (${own.fingerprint}${own.file === undefined ? "" : `, ${own.file}`}).`,
          "Reload or restart the server, or run this with its environment and file.",
        );
      }
      return ok(
        running.length === 1
          ? "The running server has the configuration that stands here."
          : `All ${running.length} instances that answered run the configuration that stands here.`,
      );
    },
  };
}
