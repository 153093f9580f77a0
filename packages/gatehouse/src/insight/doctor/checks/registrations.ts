import { type DoctorCheck, findingsOf, SkippedCheck } from "../check.ts";
import { type DoctorHistory, hourMs } from "./history.ts";

export interface DoctorRegistrations extends DoctorHistory {
  /** When something was first written here, milliseconds since 1970; `undefined`: nothing was yet. */
  readonly bornAt: () => Promise<number | undefined>;
  /** Milliseconds after which a registration that nobody uses is forgotten, or that nobody ever used. */
  readonly forgottenAfter: number;
}

/** Of refusals so many are looked at. */
const maxRecords = 2000;
/** An id that a registration gets (`endpoints/register.ts`). */
const ofARegistration = /^dyn_[\w-]{22}$/;

/**
 * Whether apps come with registrations that cannot have been forgotten, since the database is younger than
 * that takes: then they are another database's, and every app has to register anew.
 */
export function registrationsCheck(registrations: DoctorRegistrations): DoctorCheck {
  const id = "client.registrations";
  const { ok, warn } = findingsOf(id);
  return {
    id,
    needs: ["config.valid", "db.schema"],
    async run() {
      const { find, now, bornAt, forgottenAfter } = registrations;
      const born = await bornAt();
      if (born === undefined) throw new SkippedCheck("The database is empty.");
      const since = Math.max(born, now() - 24 * hourMs);
      const [refused, removed] = await Promise.all([
        find({ name: "request_refused", since }, maxRecords),
        find({ name: "client_removed", since: born }, maxRecords),
      ]);
      const gone = new Set(removed.map(({ client }) => client));
      const unknown = new Set(
        refused.flatMap(({ reason, client }) =>
          reason === "client unknown" && client !== undefined && ofARegistration.test(client) ? client : [],
        ),
      );
      const foreign = [...unknown].filter((client) => !gone.has(client));
      const came = `${foreign.length} ${foreign.length === 1 ? "app" : "apps"} came in the last day with`;
      if (foreign.length === 0)
        return ok("No app came in the last day with a registration that is not known.");
      const what = foreign.length === 1 ? "a registration" : "registrations";
      if (now() - born > forgottenAfter)
        return ok(`${came} ${what} forgotten for want of use; a page told how to renew it.`);
      return warn(
        `The database is ${describeAge(now() - born)} old, and ${came} ${what} of an earlier one.`,
        "If the earlier one is still there: `SQL_URL`, or `gatehouse restore` its backup. Else everybody has to remove the MCP servers in their app and add them again; nothing is to be set here.",
      );
    },
  };
}

function describeAge(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
