import { type DoctorCheck, type Finding, findingsOf, SkippedCheck } from "../check.ts";
import { askAbout, type DoctorProvider } from "./providers.ts";
import type { DoctorResources } from "./resources.ts";

export interface DoctorBaseUrl {
  /** `BASE_URL`. */
  readonly issuer: string;
  readonly resources: DoctorResources;
  readonly providers: readonly DoctorProvider[];
  /** As what the authorization server at another address describes itself; `undefined`: none is there. */
  readonly issuerAt: (address: string) => Promise<string | undefined>;
}

/** An address that others know this server by, and who does. */
export interface OtherAddress {
  readonly address: string;
  readonly knownTo: readonly string[];
  /** Whether this server answers there. */
  readonly isOurs: boolean;
}

/** Milliseconds for a question to a provider. */
const askingMs = 3000;

/**
 * The address that those around this server agree on, where that is another than `BASE_URL`: all MCP servers
 * that say one, and a provider, this server itself, or several of them, with nobody who knows `BASE_URL`.
 */
export async function findOtherAddress(server: DoctorBaseUrl): Promise<OtherAddress | undefined> {
  const { issuer, providers, resources, issuerAt } = server;
  const naming = (await resources.look()).flatMap(({ identifier, look }) =>
    look.outcome === "documented" && look.servers.length > 0 ? [{ identifier, servers: look.servers }] : [],
  );
  const [first] = naming;
  const address = first?.servers[0];
  // A slash at the end is the MCP server's mistake, and told of it.
  if (address === undefined || withoutSlash(address) === issuer || !URL.canParse(address)) return undefined;
  if (!naming.every(({ servers }) => servers.length === 1 && servers[0] === address)) return undefined;
  const [isOurs, isHere, verdicts] = await Promise.all([
    issuerAt(address).then((found) => found === issuer),
    issuerAt(issuer).then((found) => found === issuer),
    Promise.all(providers.map((provider) => compare(provider, issuer, address))),
  ]);
  // One that takes both says nothing.
  const telling = verdicts.filter(({ takesOurs, takesOther }) => takesOurs !== takesOther);
  if (telling.some(({ takesOurs }) => takesOurs)) return undefined;
  const agreeing = telling.map(({ title }) => title);
  if (agreeing.length === 0 && (isHere || (!isOurs && naming.length === 1))) return undefined;
  return { address, isOurs, knownTo: [...agreeing, ...naming.map(({ identifier }) => `\`${identifier}\``)] };
}

/** Which of the two addresses a provider would send people back to; those that do not say take neither. */
async function compare(provider: DoctorProvider, ours: string, other: string) {
  const { title, callbackUrl, examine } = provider;
  const takes = async (url: string) => {
    const asked = await askAbout(url, provider, AbortSignal.timeout(askingMs));
    return asked.verdict === "accepted";
  };
  if ((await examine()).failure !== undefined) return { title, takesOurs: false, takesOther: false };
  const [takesOurs, takesOther] = await Promise.all([
    takes(callbackUrl),
    takes(callbackUrl.replace(ours, withoutSlash(other))),
  ]);
  return { title, takesOurs, takesOther };
}

const withoutSlash = (address: string) => address.replace(/\/$/, "");

/** @param find the same answer, however often it is asked for */
export function baseUrlCheck(issuer: string, find: () => Promise<OtherAddress | undefined>): DoctorCheck {
  const { ok, fail } = findingsOf("config.url");
  return {
    id: "config.url",
    needs: ["config.valid"],
    async run() {
      const other = await find().catch(() => {
        throw new SkippedCheck("The MCP servers are not known: see `db.reach`.");
      });
      if (other === undefined)
        return ok(`No other address than \`${issuer}\` is agreed on by MCP servers and providers.`);
      const { address, knownTo, isOurs } = other;
      const here = isOurs ? ", and this server answers there" : "";
      return fail(
        `\`BASE_URL\` is the odd one out: it is \`${issuer}\`, and ${listed(knownTo)} know${knownTo.length === 1 ? "s" : ""} this server as \`${address}\`${here}.`,
        `Set \`BASE_URL=${withoutSlash(address)}\`, and restart the server. What else is said about that address follows from this.`,
      );
    },
  };
}

/**
 * A check whose findings about `BASE_URL` wait for that to be corrected: what would mend them now spreads the
 * wrong address.
 */
export function afterBaseUrl(
  check: DoctorCheck,
  issuer: string,
  find: () => Promise<OtherAddress | undefined>,
): DoctorCheck {
  const isAboutIt = ({ result, finding, mend = "" }: Finding) =>
    (result === "fail" || result === "warn") &&
    /BASE_URL/.test(mend) &&
    `${finding} ${mend}`.includes(issuer);
  return {
    ...check,
    async run(signal) {
      const findings = [await check.run(signal)].flat();
      if (!findings.some(isAboutIt)) return findings;
      const other = await find().catch(() => undefined);
      if (other === undefined) return findings;
      const mend = "First `config.url`, above; after that, look again.";
      return findings.map((finding) => (isAboutIt(finding) ? { ...finding, mend } : finding));
    },
  };
}

const shownNames = 3;

/** `A, B and 2 more`. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, shownNames);
  const left = names.length - shown.length;
  const all = left > 0 ? [...shown, `${left} more`] : shown;
  return all.length === 1 ? `${all[0]}` : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}
