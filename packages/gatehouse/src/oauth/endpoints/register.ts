import { describeRegistration, parseRegistration } from "../client-registration.ts";
import type { Context, Endpoint } from "../context.ts";
import { json } from "../http.ts";
import type { Client } from "../records.ts";
import type { ClientId } from "../values.ts";

/** Dynamic client registration, RFC 7591 §3. Open to everybody, so that every MCP client can connect; it grants nothing by itself. */
export function registerEndpoint(context: Context): Endpoint {
  return async (request) => {
    const { clock, events, random, store } = context;
    const registration = parseRegistration(request.json, await store.listResources());
    const client: Client = {
      ...registration,
      // Prefixed, so that it is neither a URL nor anybody's subject (H12, T08).
      id: `dyn_${random.bytes(16).toString("base64url")}` as ClientId,
      authMethod: "none",
      secretHash: undefined,
      clearSecret: undefined,
      keys: undefined,
      dynamicallyRegistered: true,
      createdAt: clock.now(),
      lastUsedAt: undefined,
    };
    await store.addClient(client);
    events.emit({
      name: "client_registered",
      request: request.id,
      client: client.id,
      address: request.address,
      detail: client.metadata.name,
    });
    return json(201, describeRegistration(client));
  };
}
