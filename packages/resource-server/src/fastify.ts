import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { Answer } from "./answer.ts";
import type { AuthInfo } from "./auth-info.ts";
import { addCorsHeaders } from "./cors.ts";
import { isForm } from "./form.ts";
import { createGuard } from "./guard.ts";
import { authorizationOf, readFormBody } from "./node-request.ts";
import { type ProtectionOptions, readNeeded } from "./options.ts";

/** What is used of Fastify; described here, so that Fastify need not be installed. */
interface Request {
  readonly raw: IncomingMessage & { auth?: unknown };
  readonly originalUrl: string;
  readonly routeOptions: { readonly config: object };
  auth?: unknown;
}
interface Reply {
  readonly raw: ServerResponse;
  hasHeader(name: string): boolean;
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  send(body: string): unknown;
}
type Hook = (request: Request, reply: Reply) => Promise<unknown>;
interface Application {
  addHook(name: "onRequest", hook: Hook): unknown;
  addHook(
    name: "preParsing",
    hook: (request: Request, reply: Reply, payload: Readable) => Promise<Readable>,
  ): unknown;
}

/** Plugin that lets only requests with a good token pass. */
export interface ProtectFastifyPlugin {
  (app: Application, options: unknown, done: () => void): void;
  /**
   * Hook for one operation (`{ onRequest: gate.scopes("notes:write") }`): 403 unless these scopes are granted
   * as well.
   */
  scopes(...needed: readonly string[]): Hook;
}

/**
 * Protects every route of the application that it is registered with, whatever the order, except those with
 * `config: { protect: false }`. It also serves this server's metadata (RFC 9728) and answers CORS preflights,
 * so register it at the root. What passes has `request.auth`, and `request.raw.auth` for the SDK's
 * transports. Nobody without a token has a body parsed.
 *
 * @param options of the resource; only `issuer`, `resource` and `credential` are needed
 * @returns a plugin, with `scopes(…)` for operations that need more
 * @throws TypeError for wrong options, and for options there are none of
 *
 * @example
 * ```ts
 * import { protectFastify } from "@mcp-gatehouse/resource-server";
 * import fastify from "fastify";
 *
 * const gate = protectFastify({
 *   issuer: "https://login.example.com",
 *   resource: "https://notes.example.com/mcp",
 *   credential: process.env.GATEHOUSE_CREDENTIAL ?? "from-the-environment",
 * });
 * export const app = fastify();
 * app.register(gate);
 * app.get("/health", { config: { protect: false } }, async () => "fine");
 * app.post("/notes", { onRequest: gate.scopes("notes:write") }, async () => "written");
 * ```
 */
export function protectFastify(options: ProtectionOptions): ProtectFastifyPlugin {
  const guard = createGuard(options);
  const passed = new WeakMap<IncomingMessage, AuthInfo>();
  const forms = new WeakMap<IncomingMessage, Buffer>();

  async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
    const body = await readFormBody(request);
    if (body === undefined) return undefined;
    forms.set(request, body);
    return new URLSearchParams(body.toString("utf8"));
  }

  const onRequest: Hook = async (request, reply) => {
    if (isPublic(request)) return undefined;
    const { raw } = request;
    const verdict = await guard.check({
      method: raw.method ?? "",
      url: request.originalUrl,
      authorization: authorizationOf(raw),
      ...(isForm(raw.headers["content-type"]) && { form: () => readForm(raw) }),
    });
    if (!verdict.ok) return send(reply, verdict.answer);
    passed.set(raw, verdict.auth);
    request.auth = verdict.auth;
    raw.auth = verdict.auth;
    // On the raw response: there they also hold for an SDK transport, which writes past Fastify.
    addCorsHeaders(
      (name) => reply.hasHeader(name) || reply.raw.hasHeader(name),
      (name, value) => reply.raw.setHeader(name, value),
    );
    return undefined;
  };

  const plugin = (app: Application, _options: unknown, done: () => void): void => {
    app.addHook("onRequest", onRequest);
    // The form that was read to look for a second token is put back for the application's parser.
    app.addHook("preParsing", async ({ raw }, _reply, payload) => {
      const form = forms.get(raw);
      return form === undefined ? payload : Readable.from([form], { objectMode: false });
    });
    done();
  };
  const scopes = (...needed: readonly string[]): Hook => {
    readNeeded(needed);
    return async (request, reply) => {
      const answer = guard.demand(passed.get(request.raw), needed);
      return answer === undefined ? undefined : send(reply, answer);
    };
  };
  return Object.assign(plugin, {
    scopes,
    // What the package `fastify-plugin` would set: the hooks are to hold for the application itself, not only
    // inside this plugin.
    [Symbol.for("skip-override")]: true,
    [Symbol.for("fastify.display-name")]: "@mcp-gatehouse/resource-server",
  });
}

/** Only what a route says of itself, in so many words. */
function isPublic({ routeOptions: { config } }: Request): boolean {
  return typeof config === "object" && "protect" in config && config.protect === false;
}

/** Resolves with the reply: to Fastify, that it has been sent. */
function send(reply: Reply, { status, headers, body }: Answer): Reply {
  reply.code(status);
  reply.headers({ ...headers });
  reply.send(body);
  return reply;
}
