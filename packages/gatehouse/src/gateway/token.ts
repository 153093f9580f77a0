import type { IncomingMessage } from "node:http";
import type { Bearer, FindBearer } from "../oauth/grants/bearer.ts";
import type { ProtectedServer } from "./protected-server.ts";

/** Who calls; `undefined` without a good token. */
export async function authenticate(
  request: IncomingMessage,
  server: ProtectedServer,
  findBearer: FindBearer,
): Promise<Bearer | undefined> {
  const [, token] = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(request.headers.authorization ?? "") ?? [];
  return token === undefined ? undefined : findBearer(token, server.address);
}
