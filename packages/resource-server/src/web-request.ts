import type { Answer } from "./answer.ts";
import { readBounded } from "./bounded-text.ts";
import { isForm, maxFormBytes } from "./form.ts";
import type { GuardRequest } from "./guard.ts";

/** A web-standard request as the guard wants it. */
export function guardRequestOf(request: Request): GuardRequest {
  const authorization = request.headers.get("authorization");
  return {
    method: request.method,
    url: request.url,
    authorization: authorization === null ? [] : [authorization],
    ...(isForm(request.headers.get("content-type")) && { form: () => readForm(request) }),
  };
}

export function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body === "" ? null : body, { status, headers });
}

/** From a copy, so that the handler can still read the body. */
async function readForm(request: Request): Promise<URLSearchParams | undefined> {
  const text = await readBounded(request.clone().body, maxFormBytes);
  return text === undefined ? undefined : new URLSearchParams(text);
}
