import type { IncomingMessage } from "node:http";
import { json, noStore, type OAuthResponse, page } from "../oauth/messages/response.ts";
import type { Reason } from "../oauth/reason.ts";
import { allowedMethods, type Route } from "./route.ts";

export type Refused = 400 | 403 | 404 | 405 | 413 | 414 | 415 | 429 | 500;

/**
 * What the edge itself says no with: the OAuth error code and a description for programs, a reason for
 * people.
 */
const refusals: Record<Refused, readonly [code: string, description: string, reason: Reason]> = {
  400: ["invalid_request", "the request is malformed", { key: "damagedLink" }],
  403: ["access_denied", "only this computer is answered here", { key: "anotherComputer" }],
  404: ["not_found", "there is nothing at this path", { key: "nothingHere" }],
  405: ["invalid_request", "this method is not allowed here", { key: "wrongMethod" }],
  413: ["invalid_request", "the body is too large", { key: "tooLarge" }],
  414: ["invalid_request", "the URL is too long", { key: "linkTooLong" }],
  415: ["invalid_request", "this encoding or type of body is not accepted", { key: "unreadableForm" }],
  429: ["slow_down", "too many requests", { key: "tooManyAttempts", seconds: undefined }],
  500: ["server_error", "something went wrong on our side", { key: "brokeOff" }],
};

/** Every code of them. */
export const refusalCodes: readonly string[] = [...new Set(Object.values(refusals).map(([code]) => code))];

/** What programs are told. */
export function errorCodeOf(status: Refused): string {
  return refusals[status][0];
}

/** What is told besides. */
export interface RefusalDetails {
  readonly headers?: Readonly<Record<string, string>>;
  /** What a person is told, where more is known than the status says. */
  readonly reason?: Reason | undefined;
  /** What a page adds for whoever runs this, in English. */
  readonly detail?: string | undefined;
}

/** An answer in the shape of its audience; for unknown paths, of whoever asks. */
export function refusal(
  route: Route | undefined,
  request: IncomingMessage,
  id: string,
  status: Refused,
  { headers = {}, detail, ...details }: RefusalDetails = {},
): OAuthResponse {
  const [code, description, usual] = refusals[status];
  const all = {
    ...noStore,
    ...(status === 405 && route ? { Allow: allowedMethods(route) } : {}),
    ...headers,
  };
  const forPerson =
    route === undefined ? request.headers.accept?.includes("text/html") : route.audience === "person";
  if (!forPerson)
    return { ...json(status, { error: code, error_description: description }, all), error: code };
  const answer = page(status, {
    kind: "error",
    status,
    reason: details.reason ?? usual,
    detail,
    reference: id,
    continueTo: undefined,
  });
  return { ...answer, headers: all, error: code };
}
