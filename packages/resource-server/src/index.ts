/** Protects an MCP server with access tokens from Gatehouse. See docs/resource-server.md. */
export type { Answer } from "./answer.ts";
export type { AuthInfo } from "./auth-info.ts";
export { createGuard, type Guard, type GuardRequest, type Verdict } from "./guard.ts";
export { type ProtectMiddleware, protect } from "./node-http.ts";
export type { ProtectionOptions } from "./options.ts";
export { createVerifier, type TokenVerifier, type VerifierOptions } from "./verifier.ts";
export { protectFetch } from "./web-fetch.ts";
