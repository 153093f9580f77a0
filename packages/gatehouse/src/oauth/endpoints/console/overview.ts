import type { OverviewView } from "../../messages/console-page.ts";
import type { Inventory } from "../../store/listing.ts";
import type { Store } from "../../store.ts";
import type { Seconds } from "../../values.ts";
import { type ConsoleHandler, show } from "./asked.ts";

const hourMs = 3_600_000;
const hoursShown = 24;
const failuresShown = 8;
/** Seconds. */
const countedFor = 10;

/** What is counted together. */
const series = {
  signIns: ["sign_in"],
  consents: ["consent_approved"],
  refusals: [
    "sign_in_failed",
    "sign_in_denied",
    "consent_denied",
    "access_refused",
    "request_refused",
    "client_authentication_failed",
    "introspection_refused",
    "refresh_reused",
  ],
} as const;

/** What somebody may have to mend. */
const failures = [
  "sign_in_failed",
  "sign_in_abandoned",
  "provider_unreachable",
  "store_unavailable",
  "configuration_refused",
  "audit_lost",
  "not_ready",
  "failure",
];

/** How much there is, how it stands, and what happened lately. */
export function overview({ version }: { readonly version: string }): ConsoleHandler {
  const counted = countedNowAndThen();
  return async (asked) => {
    const { clock, store, checks } = asked.services;
    const now = clock.now();
    const since = Math.floor((now * 1000) / hourMs) * hourMs - (hoursShown - 1) * hourMs;
    const [{ inventory, charts }, failed, standing] = await Promise.all([
      counted(store, now, since),
      store.findLatestAudit(failures, since, failuresShown),
      checks(),
    ]);
    return show(asked, {
      kind: "overview",
      version,
      inventory,
      checks: standing,
      charts,
      since: since / 1000,
      failures: failed,
    });
  };
}

interface Counted {
  readonly inventory: Inventory;
  readonly charts: OverviewView["charts"];
}

/** What reads many rows is counted again after some seconds, however many look at it meanwhile. */
function countedNowAndThen(): (store: Store, now: Seconds, since: number) => Promise<Counted> {
  let latest: { readonly at: Seconds; readonly counted: Promise<Counted> } | undefined;
  return (store, now, since) => {
    if (latest === undefined || now - latest.at >= countedFor) {
      const counted = Promise.all([store.countEverything(now), chartsOf(store, since)]).then(
        ([inventory, charts]) => ({ inventory, charts }),
      );
      latest = { at: now, counted };
      counted.catch(() => {
        latest = undefined; // the next looks anew
      });
    }
    return latest.counted;
  };
}

async function chartsOf(store: Store, since: number): Promise<OverviewView["charts"]> {
  const counted = await store.countAudit(Object.values(series).flat(), since);
  return (["signIns", "consents", "refusals"] as const).map((name) => {
    const hours = new Array<number>(hoursShown).fill(0);
    for (const { name: event, hour, count } of counted) {
      const at = (hour - since) / hourMs;
      if ((series[name] as readonly string[]).includes(event) && at in hours)
        hours[at] = (hours[at] ?? 0) + count;
    }
    return { name, hours };
  });
}
