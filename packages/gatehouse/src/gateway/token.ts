import type { IncomingMessage } from "node:http";
import { type Answer, authorizationOf, readBearer } from "@mcp-gatehouse/resource-server/parts";
import type { Bearer, FindBearer } from "../oauth/grants/bearer.ts";
import type { Challenges } from "./challenge.ts";
import type { ProtectedServer } from "./protected-server.ts";

/**
 * Who calls, or what is answered to who does not say it well enough. One look-up, of which nothing is kept
 * (W32); the body is not needed (W31). Rejects with `StoreUnavailableError`.
 */
export async function authenticate(
  request: IncomingMessage,
  { address }: Pick<ProtectedServer, "address">,
  challenges: Challenges,
  findBearer: FindBearer,
): Promise<Bearer | Answer> {
  const presented = readBearer(authorizationOf(request));
  if (presented.kind === "none") return challenges.tokenNeeded; // a token elsewhere does not count (U07)
  if (presented.kind === "several" || hasTokenInQuery(request)) return challenges.twoTokens;
  if (presented.kind === "malformed") return challenges.malformed;
  return (await findBearer(presented.token, address)) ?? challenges.invalid;
}

function hasTokenInQuery({ url = "" }: IncomingMessage): boolean {
  const mark = url.indexOf("?");
  return mark !== -1 && new URLSearchParams(url.slice(mark)).has("access_token");
}
