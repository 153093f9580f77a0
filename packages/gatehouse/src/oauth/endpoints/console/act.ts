import type { AuditEvent } from "../../ports.ts";
import type { Asked } from "./asked.ts";

/** Tells what an administrator did here, by their account; it is durable when this resolves (Z16, Z31). */
export function recordAct(
  { services, request, session }: Asked,
  act: Pick<AuditEvent, "name"> & Partial<AuditEvent>,
): Promise<void> {
  return services.events.record({
    request: request.id,
    address: request.address,
    userAgent: request.headers.userAgent,
    actor: { kind: "operator", id: session.account.subject, how: "console" },
    ...act,
  });
}
