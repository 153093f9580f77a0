import { type Arrival, hiddenFields, requiredTicks, type UserAgent } from "./user-agent.ts";

/** Posts the form of a consent page with exactly these fields and headers, following nothing. */
export function decide(
  agent: UserAgent,
  page: Arrival,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const body = new URLSearchParams({
    ...hiddenFields(page.html),
    ...requiredTicks(page.html),
    decision: "approve",
    ...fields,
  });
  return agent.request(new URL("/consent", page.url).href, { method: "POST", body, headers });
}

export function isRefusal(response: Response): boolean {
  return (response.status === 400 || response.status === 403) && response.headers.get("location") === null;
}
