import type { Seconds } from "../../oauth/values.ts";
import type { Outbound } from "../outbound.ts";
import { askTokenEndpoint, type Exchange } from "./code-exchange.ts";
import { discoveryUrl, type ProviderMetadata } from "./provider-metadata.ts";
import { show } from "./refusal.ts";
import { fingerprintsOf, type SigningKeys } from "./signing-keys.ts";

/** What a look at a provider found out. */
export interface Finding {
  readonly what: "discovery" | "issuer" | "keys" | "userinfo" | "clock" | "secret";
  /** `undefined`: it cannot be told. */
  readonly good: boolean | undefined;
  /** For the operator. */
  readonly found: string;
  /** Of a clock: seconds by which it is ahead of ours, where it says what time it is. */
  readonly ahead?: number;
  /** Of keys: what tells each from another under the same name. */
  readonly fingerprints?: Readonly<Record<string, string>>;
}

/** How far the clocks may be apart, in seconds: as far as a token's times may be. */
const tolerated = 60;

/** Of what the provider publishes, which has been accepted already, and of its clock. */
export async function examineDocuments(
  issuer: string,
  provider: ProviderMetadata,
  keys: SigningKeys,
  outbound: Outbound,
  now: Seconds,
): Promise<Finding[]> {
  const document = discoveryUrl(issuer);
  const { headers } = await outbound(document, { headers: { accept: "application/json" } });
  return [
    { what: "discovery", good: true, found: document },
    { what: "issuer", good: true, found: provider.issuer },
    {
      what: "keys",
      good: keys.count > 0,
      found: `${keys.count} at ${provider.jwksUri}`,
      fingerprints: fingerprintsOf(keys),
    },
    {
      what: "userinfo",
      good: true,
      found: provider.userinfoEndpoint ?? "none: the ID token has to say everything",
    },
    examineClock(headers.get("date"), now),
  ];
}

/** @param date what the provider says of its own time, in the header of an answer */
export function examineClock(date: string | null, now: Seconds): Finding {
  const theirs = date === null ? Number.NaN : Math.floor(Date.parse(date) / 1000);
  if (Number.isNaN(theirs)) {
    return { what: "clock", good: undefined, found: "it does not say what time it is" };
  }
  const apart = theirs - now;
  const found = `${Math.abs(apart)} s ${apart < 0 ? "behind" : "ahead of"} this computer's`;
  return Math.abs(apart) <= tolerated
    ? { what: "clock", good: true, found, ahead: apart }
    : {
        what: "clock",
        good: false,
        ahead: apart,
        found: `${found}: set one of them by NTP, ${tolerated} s are tolerated`,
      };
}

/** Whether our secret is taken: told by what the token endpoint says against a code that is none. */
export async function examineSecret(exchange: Exchange, outbound: Outbound): Promise<Finding> {
  const { response, answer } = await askTokenEndpoint(exchange, outbound);
  const error = answer?.error;
  const said =
    `${response.status} ${show({ error, error_description: answer?.error_description })}`.replaceAll(
      exchange.clientSecret,
      "…",
    );
  if (error === "invalid_grant") return { what: "secret", good: true, found: "taken" };
  if (error === "invalid_client" || error === "unauthorized_client" || response.status === 401) {
    return { what: "secret", good: false, found: `refused, ${said}; check ${exchange.credentials}` };
  }
  return { what: "secret", good: undefined, found: `only a sign-in can tell; it answered ${said}` };
}
