import type { HeaderFields } from "../call.ts";
import { fieldOf } from "../fields.ts";

/**
 * Where 307 and 308 send a call, if that is at the same server: a path with query. `undefined`: elsewhere, or
 * nowhere. Frameworks send `/mcp` to `/mcp/` so, and write into it the host and scheme that they were told: a
 * scheme that differs because they believe our `X-Forwarded-Proto` is still the same server, and it is never
 * more than the path that counts.
 * @param fields that were sent with the call
 */
export function redirected(
  answer: { readonly status: number; readonly fields: HeaderFields },
  server: URL,
  path: string,
  fields: HeaderFields,
): string | undefined {
  if (answer.status !== 307 && answer.status !== 308) return undefined;
  const location = fieldOf(answer.fields, "location");
  if (location === undefined || !URL.canParse(location, server.origin + path)) return undefined;
  const target = new URL(location, server.origin + path);
  const isHere = target.origin === server.origin;
  const told = `${fieldOf(fields, "x-forwarded-proto")}://${fieldOf(fields, "host")}`;
  const isAsTold = URL.canParse(told) && target.origin === new URL(told).origin;
  if (!isHere && !isAsTold) return undefined;
  return target.username === "" && target.password === "" ? target.pathname + target.search : undefined;
}
