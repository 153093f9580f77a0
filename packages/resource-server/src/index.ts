/** Protects an MCP server with access tokens from Gatehouse. See docs/resource-server.md. */
export type { Answer } from "./answer.ts";
export type { AuthInfo } from "./auth-info.ts";
export { type ProtectFastifyPlugin, protectFastify } from "./fastify.ts";
export { createGuard, type Guard, type GuardRequest, type Verdict } from "./guard.ts";
export { type ProtectedEnv, type ProtectHonoMiddleware, protectHono } from "./hono.ts";
export { type ProtectMiddleware, protect } from "./node-http.ts";
export type { ProtectionOptions } from "./options.ts";
export { createVerifier, type TokenVerifier, type VerifierOptions } from "./verifier.ts";
export { type DemandScopes, protectFetch } from "./web-fetch.ts";
