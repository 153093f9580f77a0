import type { Call, HeaderFields } from "../call.ts";
import type { StdioBackendSettings } from "../protected-server.ts";
import type { ChildNeed } from "./children.ts";

/** Who shares a child, as the operator says. */
export type Per = StdioBackendSettings["per"];

/**
 * The child that a call needs.
 * @param own the one it needs where each session has its own
 * @param fields what a server over HTTP would get of the call
 */
export function needOf(
  { bearer: { subject } }: Call,
  per: Per,
  own: Pick<ChildNeed, "key" | "audience" | "kind">,
  fields: HeaderFields,
): ChildNeed {
  const { era } = own.kind;
  const kind = { era, clients: "many" } as const;
  if (per === "process") return { key: era, person: undefined, audience: "everybody", kind, fields };
  if (per === "person")
    return { key: `${era} ${subject}`, person: subject, audience: "person", kind, fields };
  return { ...own, person: subject, fields };
}
