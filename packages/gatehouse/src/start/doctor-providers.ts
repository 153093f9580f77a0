import { hostname } from "node:os";
import type { Config } from "../config/config.ts";
import type { OtherClock, ReadClock } from "../insight/doctor/checks/clocks.ts";
import type { DoctorHistory } from "../insight/doctor/checks/history.ts";
import type { DoctorProvider } from "../insight/doctor/checks/providers.ts";
import type { DoctorResources } from "../insight/doctor/checks/resources.ts";
import type { ServersView } from "../insight/doctor/servers-view.ts";
import { isLoopbackUrl } from "../oauth/host.ts";
import type { Clock, Random } from "../oauth/ports.ts";
import { lastFailure } from "./doctor-history.ts";
import { type ExaminedProvider, providersToCheck } from "./provider-check.ts";

/** The identity providers of others, as doctor looks at them. */
export function providersToLookAt(
  config: Config,
  services: { readonly clock: Clock; readonly random: Random },
  view: () => Promise<ServersView | undefined>,
  history: DoctorHistory,
): DoctorProvider[] {
  // What a sign-in would write into the log stands in the findings.
  const checked = providersToCheck(config, services, () => undefined);
  return checked.flatMap(({ name, title, callbackUrl, examine, startSignIn }) => {
    const about = config.providers.find((each) => each.name === name);
    if (callbackUrl === undefined || startSignIn === undefined || about === undefined) return [];
    const ofVariables = about.kind === "openid" && about.ofVariables === true;
    let examined: Promise<ExaminedProvider> | undefined;
    return {
      title,
      place: about.kind === "openid" ? `\`${about.issuer}\`` : title,
      callbackUrl,
      credentials: ofVariables
        ? "`OAUTH2_CLIENT_ID` and `OAUTH2_CLIENT_SECRET`"
        : `\`client_id\` and \`client_secret\` of the provider ${name}`,
      takeOver: ofVariables ? "restart the server" : "restart the server or send it SIGHUP",
      examine() {
        examined ??= examine().then(withFailure);
        return examined;
      },
      knownKeys: async () => (await view())?.providerKeys[name],
      lastBadSignature: async () => (await lastFailure(history, "signature", name))?.ago,
      signInUrl: async () => (await startSignIn()).url,
    };
  });
}

/** A kind of provider that gives no advice has a reason all the same. */
function withFailure(examined: ExaminedProvider): ExaminedProvider {
  const { problem, failure } = examined;
  if (problem === undefined || failure !== undefined) return examined;
  return { ...examined, failure: { message: problem, advice: "See whether this machine reaches it" } };
}

/** Clocks of MCP servers on other computers, as far as their addresses tell. */
export async function witnessesOf({ look }: DoctorResources): Promise<readonly ReadClock[]> {
  const byHost = new Map<string, ReadClock>();
  for (const { identifier, ahead } of await look()) {
    const url = new URL(identifier);
    if (ahead === undefined || isLoopbackUrl(url) || url.hostname === hostname()) continue;
    byHost.set(url.host, { name: `that of ${url.host}`, provider: undefined, ahead, isWitness: true });
  }
  return [...byHost.values()];
}

export function clocksOf(providers: readonly DoctorProvider[]): OtherClock[] {
  return providers.map(({ title, examine }) => ({
    name: `that of ${title}`,
    provider: title,
    ahead: async () => (await examine()).findings.find(({ what }) => what === "clock")?.ahead,
  }));
}
