import type { AuditEventName, AuditOutcome } from "../../oauth/audit-events.ts";
import type { AuditRecord } from "../../oauth/audit-record.ts";
import { type ClassName, classes, classOf } from "./ocsf-classes.ts";

/** Of the schema that is followed. */
const schemaVersion = "1.6.0";
const productName = "Gatehouse";

/** Informational, Low, Medium; of what went wrong with ourselves High. */
const severities: Record<AuditOutcome, number> = { success: 1, refused: 2, failure: 3 };
const high = 4;

/** Of `user.type_id`. */
const userTypes = { unknown: 0, person: 1, operator: 2, system: 3, client: 4 } as const;

/**
 * A record as an event of the Open Cybersecurity Schema Framework. What has no place of its own there stands
 * in `unmapped`, by our names.
 * @param version of this program
 */
export function asOcsf(record: AuditRecord, version: string): Readonly<Record<string, unknown>> {
  const [className, activity] = known(record.name);
  const { uid, category, caption } = classes[className];
  const { outcome, reason, facts } = record;
  return {
    category_uid: category,
    class_uid: uid,
    class_name: caption,
    activity_id: activity,
    activity_name: record.name,
    type_uid: uid * 100 + activity,
    time: record.time,
    severity_id: className === "error" ? high : severities[outcome],
    status_id: outcome === "success" ? 1 : 2,
    status: outcome,
    ...((reason ?? facts.error) !== undefined && { status_code: reason ?? facts.error }),
    ...(facts.detail !== undefined && { status_detail: facts.detail }),
    message: record.name,
    metadata: {
      version: schemaVersion,
      product: { name: productName, vendor_name: productName, version },
      log_name: "audit",
      uid: record.id,
      event_code: record.name,
      ...(record.reference !== undefined && { correlation_uid: record.reference }),
    },
    actor: actorOf(record),
    ...ofClass(className, record),
    ...(sourceOf(record) && { src_endpoint: sourceOf(record) }),
    unmapped: {
      instance: record.instance,
      ...(record.client !== undefined && { client: record.client }),
      ...(record.resource !== undefined && { resource: record.resource }),
      ...(record.grant !== undefined && { grant: record.grant }),
      ...(record.actor.how !== undefined && { how: record.actor.how }),
      ...facts,
    },
  };
}

/** What a newer version has told is some activity. */
function known(name: string): readonly [ClassName, number] {
  return Object.hasOwn(classOf, name) ? classOf[name as AuditEventName] : ["api", 99];
}

/** What is required of the class, or recommended and known. */
function ofClass(name: ClassName, record: AuditRecord): Readonly<Record<string, unknown>> {
  const { facts, userAgent } = record;
  const service = { name: record.resource ?? productName };
  switch (name) {
    case "account":
      return { user: userOf(record) };
    case "authentication":
      return {
        user: userOf(record),
        service,
        is_remote: true,
        ...(userAgent !== undefined && { http_request: { user_agent: userAgent } }),
      };
    case "session":
    case "access": {
      const scopes = String(facts.scope ?? "")
        .split(" ")
        .filter(Boolean);
      return { user: userOf(record), privileges: scopes.length > 0 ? scopes : [record.name], service };
    }
    case "entity":
      return { entity: entityOf(record) };
    case "lifecycle":
      return { app: { name: productName, uid: record.instance } };
    case "api":
      return {
        api: { operation: String(facts.tool ?? facts.error ?? record.name), service },
        src_endpoint: { name: record.instance },
        ...(userAgent !== undefined && { http_request: { user_agent: userAgent } }),
      };
    case "error":
      return {};
  }
}

function entityOf({ name, client, resource, facts }: AuditRecord): Readonly<Record<string, unknown>> {
  if (client !== undefined) return { uid: client, type: "OAuth client" };
  if (resource !== undefined) return { uid: resource, type: "MCP server" };
  const type = name.split("_")[0] ?? name;
  return { name: String(facts.provider ?? facts.detail ?? type), type };
}

/** Whom it is about; where that is nobody, who did it. */
function userOf({ subject, actor, facts }: AuditRecord): Readonly<Record<string, unknown>> {
  if (subject !== undefined) return { uid: subject, type_id: userTypes.person };
  const { account } = facts;
  if (account !== undefined) return { name: account, email_addr: account, type_id: userTypes.person };
  return actor.id === undefined
    ? { name: "unknown", type_id: userTypes.unknown }
    : { name: actor.id, uid: actor.id, type_id: userTypes[actor.kind] };
}

function actorOf({ actor }: AuditRecord): Readonly<Record<string, unknown>> {
  const { kind, id = "unknown", command } = actor;
  switch (kind) {
    case "client":
      return { app_uid: id };
    case "system":
      return { app_name: productName };
    default:
      return {
        user: { name: id, uid: id, type_id: userTypes[kind] },
        ...(command !== undefined && { process: { cmd_line: command } }),
      };
  }
}

function sourceOf({ address }: AuditRecord): Readonly<Record<string, unknown>> | undefined {
  return address === undefined ? undefined : { ip: address };
}
