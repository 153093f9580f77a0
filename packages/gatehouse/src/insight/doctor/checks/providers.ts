import { isLoopbackUrl } from "../../../oauth/host.ts";
import { type DoctorCheck, type Finding, findingsOf, SkippedCheck } from "../check.ts";
import { judgeAnswer, type Verdict } from "./authorization-answer.ts";

/** What a look at a provider without a person showed. */
export interface ExaminedProvider {
  readonly findings: readonly {
    readonly what: string;
    /** `undefined`: it cannot be told. */
    readonly good: boolean | undefined;
    readonly found: string;
    readonly ahead?: number;
    readonly fingerprints?: Readonly<Record<string, string>>;
  }[];
  /** Why it cannot be used, and what to check. */
  readonly failure?: { readonly message: string; readonly advice: string };
}

/** An identity provider of others. */
export interface DoctorProvider {
  /** As people call it. */
  readonly title: string;
  /** Its identifier, or where it is. */
  readonly place: string;
  /** What has to be registered there. */
  readonly callbackUrl: string;
  /** Which settings hold our client there. */
  readonly credentials: string;
  /** What makes a server that runs take them over. */
  readonly takeOver: string;
  /** The same look, however often it is asked for. */
  readonly examine: () => Promise<ExaminedProvider>;
  /** What tells the keys apart that the running server knows; `undefined`: it knows none, or is down. */
  readonly knownKeys: () => Promise<Readonly<Record<string, string>> | undefined>;
  /** When its last sign-in failed for a signature, in words; `undefined`: it did not. */
  readonly lastBadSignature: () => Promise<string | undefined>;
  /** Where a person's browser would be sent. */
  readonly signInUrl: () => Promise<URL>;
}

/** Bytes of a page that are looked at. */
const maxPageBytes = 512 * 1024;

export function providerChecks(providers: readonly DoctorProvider[]): DoctorCheck[] {
  const judges: Readonly<
    Record<string, (provider: DoctorProvider, signal: AbortSignal) => Promise<Finding>>
  > = {
    "provider.discovery": discovery,
    "provider.keys": keys,
    "provider.client": client,
    "provider.redirect": redirect,
  };
  return Object.entries(judges).map(([id, judge]) => ({
    id,
    needs: ["config.valid"],
    async run(signal) {
      if (providers.length === 0) {
        throw new SkippedCheck("People sign in with accounts of this server: there is no other provider.");
      }
      return Promise.all(providers.map((provider) => judge(provider, signal)));
    },
  }));
}

async function discovery({ title, place, examine }: DoctorProvider): Promise<Finding> {
  const { ok, fail, skipped } = findingsOf("provider.discovery");
  const { findings, failure } = await examine();
  if (failure !== undefined) return fail(`${sentence(failure.message)}`, sentence(failure.advice));
  return findings.some(({ what }) => what === "discovery")
    ? ok(`${place} answers as itself.`)
    : skipped(`${title} is no OpenID provider and publishes nothing about itself.`);
}

async function keys(provider: DoctorProvider): Promise<Finding> {
  const { ok, warn, fail, skipped } = findingsOf("provider.keys");
  const found = await look(provider, "keys");
  if (typeof found === "string") return skipped(found);
  const count = /^\d+/.exec(found.found)?.[0] ?? "0";
  if (found.good === false) {
    return fail(
      `${provider.title} publishes no key.`,
      "Its operator must: nothing that it signs is believed.",
    );
  }
  const forged = await provider.lastBadSignature();
  if (forged !== undefined) {
    return fail(
      `${provider.title} signs with another key than it publishes: the last sign-in failed for that, ${forged}.`,
      "If the next sign-in fails too, its operator must publish the key it signs with. The server has that within 30 s, without a restart.",
    );
  }
  const known = await provider.knownKeys();
  const replaced = Object.entries(found.fingerprints ?? {}).find(
    ([kid, key]) => known?.[kid] !== undefined && known[kid] !== key,
  );
  if (replaced !== undefined) {
    return warn(
      `Key \`${replaced[0]}\` of ${provider.title} was replaced under the same name.`,
      "Nothing: the server fetches it again at the next sign-in, within 30 s and without a restart.",
    );
  }
  const isKnown = known !== undefined && Object.keys(known).length > 0;
  return ok(`${count} ${count === "1" ? "key" : "keys"} of ${provider.title}${isKnown ? ", as known" : ""}.`);
}

async function client(provider: DoctorProvider): Promise<Finding> {
  const { ok, fail, skipped } = findingsOf("provider.client");
  const found = await look(provider, "secret");
  if (typeof found === "string") return skipped(found);
  if (found.good === undefined) return skipped(`${provider.title}: ${found.found}.`);
  if (found.good) return ok(`${provider.title} knows our client id and secret.`);
  return fail(
    `${provider.title} refuses our client (${found.found.replace(/^refused, |; check .*$/g, "")}): secret expired or wrong.`,
    `Make a new secret there, set ${provider.credentials}, and ${provider.takeOver}.`,
  );
}

async function redirect(provider: DoctorProvider, signal: AbortSignal): Promise<Finding> {
  const { ok, fail, skipped } = findingsOf("provider.redirect");
  const { title, callbackUrl, credentials } = provider;
  const { failure } = await provider.examine();
  if (failure !== undefined) return skipped(`${title} cannot be asked: see \`provider.discovery\`.`);
  const { verdict, status } = await askAbout(callbackUrl, provider, signal);
  switch (verdict) {
    case "no https":
      return skipped(`${title} names a page that is not https.`);
    case "no answer":
      return skipped(`${title} does not answer where people sign in.`);
    case "accepted":
      return ok(`${title} accepts \`${callbackUrl}\`.`);
    case "redirect URI":
      return fail(
        `${title} does not know the redirect URI.`,
        `Register \`${callbackUrl}\` there, to the letter; or correct \`BASE_URL\`, if people come by another address.`,
      );
    case "client":
      return fail(`${title} does not know our client id.`, `Check ${credentials}.`);
    case "refused":
      return fail(
        `${title} answers the authorization request with ${status}.`,
        `See whether \`${callbackUrl}\` is registered there, to the letter.`,
      );
    case undefined:
      return skipped(`${title} does not let that be told: open the sign-in in a browser.`);
  }
}

/** What a provider says to an authorization request that would lead back to this address. */
export async function askAbout(
  callbackUrl: string,
  { signInUrl }: Pick<DoctorProvider, "signInUrl">,
  signal: AbortSignal,
): Promise<{ readonly verdict: Verdict | "no https" | "no answer"; readonly status?: number }> {
  const url = await signInUrl();
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopbackUrl(url)))
    return { verdict: "no https" };
  url.searchParams.set("redirect_uri", callbackUrl);
  const answer = await fetch(url, { redirect: "manual", signal, headers: { accept: "text/html" } }).catch(
    () => undefined,
  );
  if (answer === undefined) return { verdict: "no answer" };
  const { status, headers } = answer;
  const seen = { status, location: headers.get("location"), page: await start(answer) };
  return { verdict: judgeAnswer(seen, url, callbackUrl), status };
}

/** The finding of a kind, or why there is none. */
async function look({ title, examine }: DoctorProvider, what: string) {
  const { findings, failure } = await examine();
  if (failure !== undefined) return `${title} cannot be asked: see \`provider.discovery\`.`;
  return findings.find((finding) => finding.what === what) ?? `${title} has none that could be looked at.`;
}

/** The first bytes of a page. */
async function start(answer: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxPageBytes) break;
  }
  return text;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? "" : "."}`;
}
