import { connect } from "node:net";
import { createListener, type ListenerOptions } from "../../src/http/listener.ts";
import type { OAuthRequest } from "../../src/oauth/messages/request.ts";
import { json, page } from "../../src/oauth/messages/response.ts";
import type { Endpoint } from "../../src/oauth/services.ts";

export interface Edge {
  readonly url: string;
  readonly port: number;
  /** What reached an endpoint, newest last. */
  readonly requests: OAuthRequest[];
  readonly failures: unknown[];
  close(): Promise<void>;
}

/** The edge alone, with endpoints that say what they got. */
export async function startEdge(options: Partial<ListenerOptions> = {}, atPort = 0): Promise<Edge> {
  const requests: OAuthRequest[] = [];
  const failures: unknown[] = [];
  const echo: Endpoint = async (request) => {
    requests.push(request);
    return json(200, { form: request.form?.get("a"), json: request.json, query: request.query.get("a") });
  };
  const listener = createListener({
    routes: [
      { path: "/token", post: echo, audience: "program", cors: true, limit: "token" },
      { path: "/document", get: echo, head: true, audience: "program", cors: true },
      {
        path: "/page",
        get: async () => ({
          ...page(200, { kind: "signed-out" }),
          cookies: [{ name: "gatehouse-session", value: "v", maxAge: 60 }],
        }),
        post: echo,
        audience: "person",
        limit: "sign-in",
      },
      {
        path: "/broken",
        get: () => Promise.reject(new Error("secret detail")),
        audience: "person",
      },
    ],
    issuer: "http://localhost",
    renderPage: ({ kind }) => ({ html: `<!doctype html>${kind}`, language: "en" }),
    onFailure: (error) => failures.push(error),
    ...options,
  });
  const { port } = await listener.listen(atPort, "127.0.0.1");
  return { url: `http://127.0.0.1:${port}`, port, requests, failures, close: () => listener.close() };
}

/** Sends bytes as they are and resolves with everything the server says before it hangs up. */
export function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      answer += text;
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" ? resolve(answer) : reject(error),
    );
  });
}
