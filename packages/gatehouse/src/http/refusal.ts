import type { IncomingMessage } from "node:http";
import { json, noStore, type OAuthResponse, page } from "../oauth/messages/response.ts";
import { allowedMethods, type Route } from "./route.ts";

export type Refused = 400 | 403 | 404 | 405 | 413 | 414 | 415 | 429 | 500;

/** What the edge itself says no with: the OAuth error code for programs, a title and what to do for people. */
const words: Record<Refused, readonly [code: string, title: string, explanation: string]> = {
  400: ["invalid_request", "This link is damaged", "Go back to your app and start again from there."],
  403: [
    "access_denied",
    "The development sign-in answers this computer only",
    "Open it in a browser on the computer where gatehouse dev runs, without a proxy in between. To let others in, run gatehouse serve with an identity provider.",
  ],
  404: [
    "not_found",
    "There is nothing here",
    "Check the address. To connect an MCP client, give it the address of the MCP server, not this one.",
  ],
  405: [
    "invalid_request",
    "This page cannot be opened like that",
    "Go back to your app and start again from there.",
  ],
  413: ["invalid_request", "That was too much", "The form was larger than anything this server expects."],
  414: [
    "invalid_request",
    "This link is too long",
    "Your app made a link this server does not accept; its developer should shorten the state parameter.",
  ],
  415: [
    "invalid_request",
    "This form cannot be read",
    "It was sent in an encoding this server does not accept.",
  ],
  429: ["slow_down", "Too many attempts", "Please wait a minute, then go back to your app and try again."],
  500: [
    "server_error",
    "Something went wrong on our side",
    "Go back to your app and try once more; if it fails again, give the reference below to whoever runs this server.",
  ],
};

/** What programs are told. */
export function errorCodeOf(status: Refused): string {
  return words[status][0];
}

/**
 * An answer in the shape of its audience; for unknown paths, of whoever asks.
 * @param detail what a page adds for whoever runs this
 */
export function refusal(
  route: Route | undefined,
  request: IncomingMessage,
  id: string,
  status: Refused,
  headers: Readonly<Record<string, string>> = {},
  detail?: string,
): OAuthResponse {
  const [code, title, explanation] = words[status];
  const all = {
    ...noStore,
    ...(status === 405 && route ? { Allow: allowedMethods(route) } : {}),
    ...headers,
  };
  const forPerson =
    route === undefined ? request.headers.accept?.includes("text/html") : route.audience === "person";
  if (!forPerson) return json(status, { error: code, error_description: title }, all);
  const answer = page(status, {
    kind: "error",
    status,
    title,
    explanation,
    remedies: [],
    detail,
    reference: id,
    continueTo: undefined,
  });
  return { ...answer, headers: all };
}
