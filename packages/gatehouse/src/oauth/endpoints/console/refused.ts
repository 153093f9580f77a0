import type { ConsoleView } from "../../messages/console-page.ts";
import { requireForm } from "../../messages/parameters.ts";
import type { OAuthResponse } from "../../messages/response.ts";
import type { AuditEvent } from "../../ports.ts";
import { recordAct } from "./act.ts";
import { type Asked, consoleOf } from "./asked.ts";

/**
 * Tells of an act that was refused, by what its answer shows: which it was, about what, and why (Z15).
 * Nothing was done. A page that asks whether somebody is sure, or to sign in again, refuses nothing.
 */
export async function recordRefusal(asked: Asked, { page }: OAuthResponse): Promise<void> {
  const refusal = page?.kind === "console" ? refusalIn(page.view) : undefined;
  if (refusal === undefined) return;
  const { reason, about, ...target } = refusal;
  const form = requireForm(asked.request.form);
  const act = [
    asked.path.slice(consoleOf(asked).length),
    form.get("act"),
    form.get("subject") ?? form.get("id"),
  ];
  const detail = [act.filter(Boolean).join(" "), about].filter(Boolean).join(": ");
  await recordAct(asked, { name: "console_refused", reason, detail, ...target });
}

interface Refusal extends Pick<AuditEvent, "client" | "resource"> {
  readonly reason: string;
  readonly about?: string | undefined;
}

function refusalIn(view: ConsoleView): Refusal | undefined {
  switch (view.kind) {
    case "missing":
      return { reason: "missing" };
    case "client":
      return refusedFor(view.problem, { client: view.client.id });
    case "client-form":
      return refusedFor(view.problem, { client: view.entries.id });
    case "server":
      return refusedFor(view.form.problem, { resource: view.form.entries.identifier });
    case "server-form":
      return refusedFor(view.problem, { resource: view.entries.identifier });
    case "invitation-form":
      return refusedFor(view.problem, {});
    default:
      return undefined;
  }
}

const refusedFor = (
  problem: { readonly key: string; readonly about: string | undefined } | undefined,
  target: Pick<AuditEvent, "client" | "resource">,
): Refusal | undefined => problem && { reason: problem.key, about: problem.about, ...target };
