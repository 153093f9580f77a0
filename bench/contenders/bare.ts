import { join } from "node:path";
import { formRequest, getRequest, jsonRequest } from "../http-request.ts";
import { freePort, startServer } from "../process.ts";
import type { Contender, Workload } from "./contender.ts";

const token = `gatehouse_at_${"A".repeat(49)}`;

/** Everything it is asked is of the size and shape Gatehouse is asked. */
const requests: Record<"get" | "introspect" | "token" | "register", string> = {
  get: getRequest("/.well-known/oauth-authorization-server"),
  introspect: formRequest(
    "/introspect",
    { token },
    { Authorization: `Bearer gatehouse_rs_${"A".repeat(43)}` },
  ),
  token: formRequest("/token", {
    grant_type: "refresh_token",
    refresh_token: `gatehouse_rt_${"A".repeat(70)}`,
    client_id: "dyn_ABCDEFGHIJKLMNOPQRSTUV",
  }),
  register: jsonRequest("/register", {
    client_name: "Bench 1234567",
    redirect_uris: ["https://app.example.com/callback"],
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "none",
  }),
};

const always = (request: string): Workload => ({ next: () => request, status: 200 });

/** Reads the form and writes a fixed JSON of the size of an introspection answer: nothing else. */
export const bare = plain("node:http", "bare.ts", 200);

/** Does the work that shows in request and answer, without a store. */
export const working = plain("node:http, same visible work", "bare-working.ts", 201);

function plain(name: string, script: string, registered: number): Contender {
  return {
    name,
    notes: [],
    async start({ core }) {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}/`;
      const server = await startServer({
        args: [join(import.meta.dirname, "../peers", script), `${port}`],
        environment: {},
        core,
        firstAnswer: url,
      });
      const workloads = {
        metadata: always(requests.get),
        introspect: always(requests.introspect),
        stored: always(requests.introspect),
        garbage: always(requests.introspect),
        refresh: always(requests.token),
        code: always(requests.token),
        register: { ...always(requests.register), status: registered },
      };
      return {
        host: "127.0.0.1",
        port,
        pids: [server.pid],
        startUp: server.startUp,
        workload: (operation) => workloads[operation],
        stop: server.stop,
      };
    },
  };
}
