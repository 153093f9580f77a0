import type { Call, HeaderFields } from "../call.ts";
import type { ProtectedServer } from "../protected-server.ts";
import { bareName } from "../spelling.ts";
import { assertionBytes, assertionHeader, type SignCaller } from "./assertion.ts";
import { callerOf, groupsOmitted, tellCaller } from "./caller.ts";
import { isLookalike } from "./lookalike.ts";

/** What the client says to the door alone, or what only the door may say. */
const notFromOutside = [
  "authorization",
  "proxy-authorization",
  "dpop",
  "cookie",
  "mcp-session-id",
  "last-event-id",
];

/** Names that one server's requests bring are few; a stranger's are not remembered beyond this number. */
const maxRememberedNames = 500;

export interface OutgoingFieldsOptions {
  readonly issuer: string;
  /** Whether groups have to say which provider's they are. */
  readonly severalProviders: () => boolean;
  /** For a server that wants each call's caller signed. */
  readonly signCaller: SignCaller | undefined;
}

/**
 * Makes the header fields that one server gets of a call: those of the client without its token and without
 * whatever could be taken for the door's own (W35, W37), then the caller, the session and the credentials the
 * server wants (W36, W40, W41, W43).
 * @returns a function of a call and its client's fields, without those of the client's connection
 */
export function createOutgoingFields(
  server: ProtectedServer,
  { issuer, severalProviders, signCaller }: OutgoingFieldsOptions,
): (call: Call, fields: HeaderFields) => string[] {
  const { identityHeaders, address: audience } = server;
  const credentials = server.backend.kind === "http" ? Object.entries(server.backend.credentials).flat() : [];
  const own = [
    ...notFromOutside,
    ...Object.values(identityHeaders),
    groupsOmitted(identityHeaders),
    ...credentials.filter((_, at) => at % 2 === 0),
  ];
  const ownNames = new Set(own.filter((name) => name !== undefined).map(bareName));
  const known = new Map<string, boolean>();

  function isDropped(name: string): boolean {
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    const dropped = isLookalike(name, ownNames);
    if (known.size < maxRememberedNames) known.set(name, dropped);
    return dropped;
  }

  const extraBytes =
    signCaller &&
    ((caller: Parameters<typeof assertionBytes>[0]) => assertionBytes(caller, { issuer, audience }));

  return ({ bearer, session, lastEventId }, fields) => {
    const outgoing: string[] = [];
    for (let at = 0; at < fields.length; at += 2) {
      const name = fields[at] as string;
      if (!isDropped(name)) outgoing.push(name, fields[at + 1] as string);
    }
    const told = tellCaller(callerOf(bearer, severalProviders()), identityHeaders, extraBytes);
    outgoing.push(...told.fields);
    if (signCaller !== undefined) outgoing.push(assertionHeader, signCaller(told));
    if (session !== undefined) outgoing.push("Mcp-Session-Id", session);
    if (lastEventId !== undefined) outgoing.push("Last-Event-ID", lastEventId);
    outgoing.push(...credentials);
    return outgoing;
  };
}
