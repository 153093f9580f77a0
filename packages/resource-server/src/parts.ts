/**
 * What the guard is made of, for gateways that judge tokens by themselves: reading them, saying no to them,
 * and the published metadata. Answers come without CORS headers: whoever sends them knows who may read them.
 */
export type { Answer } from "./answer.ts";
export { type PresentedToken, readBearer } from "./bearer.ts";
export {
  type ChallengeContext,
  cannotCheck,
  insufficientScope,
  invalidToken,
  tokenNeeded,
  twoTokens,
} from "./challenge.ts";
export { authorizationOf } from "./node-request.ts";
export { publicDocument } from "./public-document.ts";
export { createResourceMetadata, type ResourceMetadata } from "./resource-metadata.ts";
