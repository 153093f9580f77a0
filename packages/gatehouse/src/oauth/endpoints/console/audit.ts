import { auditEventNames } from "../../audit-events.ts";
import { type AuditField, auditFields } from "../../messages/console-page.ts";
import type { AuditQuery } from "../../store/audit.ts";
import { type Asked, type ConsolePath, nextPart, rowsAtOnce, show } from "./asked.ts";
import { subjectOf } from "./flows.ts";

const dayMs = 86_400_000;

/** The audit trail, the newest first; what is looked for stands in the address, for bookmarks. */
export const audit: ConsolePath = {
  async get(asked) {
    const { request, services, path } = asked;
    const after = request.query.get("after");
    const typed = Object.fromEntries(
      auditFields.map((field) => [field, request.query.get(field)?.trim() ?? ""]),
    ) as Record<AuditField, string>;
    const query = await queryOf(asked, typed);
    const page = { order: "newest" as const, limit: rowsAtOnce, after };
    const { records, next } =
      "wrong" in query ? { records: [], next: undefined } : await services.store.findAudit(query, page);
    return show(asked, {
      kind: "audit",
      asked: typed,
      names: auditEventNames,
      records,
      wrong: "wrong" in query ? query.wrong : undefined,
      next: nextPart(path, typed, next),
      isFirst: after === undefined,
    });
  },
};

async function queryOf(
  asked: Asked,
  typed: Readonly<Record<AuditField, string>>,
): Promise<AuditQuery | { readonly wrong: AuditField }> {
  const { person, since, until, ...others } = typed;
  const subject = person === "" ? undefined : await subjectOf(asked, person);
  if (person !== "" && subject === undefined) return { wrong: "person" };
  const [from, to] = [since, until].map(dayOf);
  if (Number.isNaN(from)) return { wrong: "since" };
  if (Number.isNaN(to)) return { wrong: "until" };
  const given = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== ""));
  return { ...given, subject, since: from, until: to === undefined ? undefined : to + dayMs };
}

/** `2026-11-26`, in UTC; NaN for what is no day. */
function dayOf(text: string): number | undefined {
  if (text === "") return undefined;
  return /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
}
