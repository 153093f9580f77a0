import type { Bearer } from "../../oauth/grants/bearer.ts";
import { type IdentityField, type IdentityHeaders, identityFields } from "../protected-server.ts";

/** What is known of whoever calls; `undefined`: not known, or not told. */
export interface Caller {
  readonly subject: string;
  readonly email: string | undefined;
  readonly name: string | undefined;
  readonly groups: readonly string[] | undefined;
  readonly client: string;
  readonly scope: readonly string[] | undefined;
}

/** @param severalProviders whether groups say whose they are: `work:admins`, as introspection says them */
export function callerOf(bearer: Bearer, severalProviders: boolean): Caller {
  const { groups, provider, email } = bearer.person;
  return {
    subject: bearer.subject,
    email: email || undefined,
    name: bearer.name || undefined,
    groups: severalProviders ? groups?.map((group) => `${provider}:${group}`) : groups,
    client: bearer.clientId,
    scope: bearer.scopes,
  };
}

/** What a server is told of a caller. */
export interface ToldCaller {
  /** Header fields, name and value by turns. */
  readonly fields: readonly string[];
  /** The same as it is, for an assertion, which names subject, client and scope whatever the fields do. */
  readonly caller: Caller;
  /** There are some, and they are too many. */
  readonly omitsGroups: boolean;
}

const maxBytes = 8192;

/** What is left out where all of it is too much, each whole: a list cut short says something else. */
const leftOut: readonly (readonly IdentityField[])[] = [
  [],
  ["groups"],
  ["groups", "name"],
  ["groups", "name", "email", "scope"],
];

/**
 * The header fields that say who calls, at most 8 KiB of them (W36, W38, W39). What is not known, and an
 * empty list, has none.
 * @param extraBytes what goes along with them takes besides
 */
export function tellCaller(
  caller: Caller,
  headers: IdentityHeaders,
  extraBytes?: (caller: Caller) => number,
): ToldCaller {
  for (const without of leftOut) {
    const told = tellWithout(without, caller, headers);
    const extra = extraBytes === undefined ? 0 : extraBytes(told.caller);
    if (bytesOf(told.fields) + extra <= maxBytes) return told;
  }
  throw new Error("the identifiers of a person and a client do not fit into 8 KiB");
}

/** The header that says that groups are left out for their number. */
export function groupsOmitted({ groups }: IdentityHeaders): string | undefined {
  return groups === undefined ? undefined : `${groups}-Omitted`;
}

function tellWithout(
  without: readonly IdentityField[],
  caller: Caller,
  headers: IdentityHeaders,
): ToldCaller {
  const fields: string[] = [];
  for (const field of identityFields) {
    const header = headers[field];
    if (header === undefined || without.includes(field)) continue;
    const value = textOf(field, caller);
    if (value !== "") fields.push(header, value);
  }
  const omitted = without.includes("groups") && caller.groups?.length ? groupsOmitted(headers) : undefined;
  if (omitted !== undefined) fields.push(omitted, "true");
  const keeps = (field: IdentityField) => headers[field] !== undefined && !without.includes(field);
  return {
    fields,
    caller: {
      subject: caller.subject,
      client: caller.client,
      scope: without.includes("scope") ? undefined : caller.scope,
      email: keeps("email") ? caller.email : undefined,
      name: keeps("name") ? caller.name : undefined,
      groups: keeps("groups") ? caller.groups : undefined,
    },
    omitsGroups: omitted !== undefined,
  };
}

/** Scopes as OAuth lists them, by spaces, which are in none; groups by commas, which are encoded in each. */
function textOf(field: IdentityField, caller: Caller): string {
  if (field === "scope") return caller.scope?.map(encoded).join(" ") ?? "";
  if (field !== "groups") return encoded(caller[field] ?? "");
  const groups = caller.groups?.filter((group) => group !== "") ?? [];
  return groups.map((group) => encoded(group).replaceAll(",", "%2C")).join(",");
}

/** All but visible ASCII, and `%`, as percent-encoded UTF-8: no value can end a line (W38). */
function encoded(value: string): string {
  return /^[\x21-\x24\x26-\x7E]*$/.test(value)
    ? value
    : value.toWellFormed().replace(/[^\x21-\x24\x26-\x7E]+/g, encodeURIComponent);
}

/** With colon, space and line end each. */
function bytesOf(fields: readonly string[]): number {
  let bytes = fields.length * 2;
  for (const text of fields) bytes += text.length;
  return bytes;
}
