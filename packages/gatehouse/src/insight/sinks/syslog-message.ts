import type { AuditOutcome } from "../../oauth/audit-events.ts";
import type { AuditRecord } from "../../oauth/audit-record.ts";
import { published } from "../export/published.ts";

/** RFC 5424 §6.2.1: facility 13 is "log audit". */
const facility = 13;
const severities: Record<AuditOutcome, number> = { success: 6, refused: 5, failure: 4 };

/** Every receiver of RFC 5425 takes 2,048 octets, and should take 8,192 (§4.3.1). */
const maxOctets = 8192;
const maxTextLength = 1000;

/**
 * A record as one message of RFC 5424, counted in octets before it (RFC 6587 §3.4.1, RFC 5425 §4.3). Whatever
 * strangers wrote stands in JSON of printable ASCII: nothing in it ends the message, or drives a terminal.
 */
export function syslogFrame(record: AuditRecord, host: string): string {
  const { time, name, outcome, instance } = record;
  const priority = facility * 8 + (severities[outcome] ?? 5);
  const header = [
    `<${priority}>1`,
    new Date(time).toISOString(),
    field(host, 255),
    "gatehouse",
    field(instance, 128),
    field(name, 32),
    "-",
  ].join(" ");
  const message = `${header} ${fitting(record, maxOctets - header.length - 1)}`;
  return `${message.length} ${message}`; // of ASCII, of which each character is an octet
}

/** RFC 5424 §6: a header field is printable ASCII without spaces, or `-`. */
function field(text: string, maxLength: number): string {
  return text.replace(/[^!-~]/g, "").slice(0, maxLength) || "-";
}

function fitting(record: AuditRecord, maxLength: number): string {
  const whole = printable(published(record));
  if (whole.length <= maxLength) return whole;
  const { facts: _facts, userAgent: _userAgent, actor, ...rest } = record;
  const { command: _command, ...known } = actor;
  return printable({ ...published({ ...rest, actor: known, facts: {} }), isCut: true });
}

function printable(value: object): string {
  const cut = (_key: string, item: unknown) =>
    typeof item === "string" && item.length > maxTextLength ? `${item.slice(0, maxTextLength)}…` : item;
  return JSON.stringify(value, cut).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
