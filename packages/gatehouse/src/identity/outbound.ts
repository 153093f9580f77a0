import { isLoopbackUrl } from "../oauth/host.ts";
import { SignInError } from "../oauth/ports.ts";

/** What is sent to the identity provider. `signal` can only shorten the time allowed. */
export type OutboundRequest = Pick<RequestInit, "method" | "headers" | "body" | "signal">;

/** Like `fetch`, guarded. The whole body has arrived when the promise resolves. */
export type Outbound = (url: string, request: OutboundRequest) => Promise<Response>;

export interface OutboundLimits {
  /** For the whole exchange, from connecting to the last byte of the body, in milliseconds. */
  readonly timeout: number;
  /** The longest body accepted, in bytes, after decompression. */
  readonly maxBytes: number;
  /** Plain http is spoken only to a loopback host, and only when this is true (development and tests). */
  readonly allowLoopbackHttp: boolean;
}

/**
 * The only door through which this room talks to the network (S11, C19): https with certificates verified,
 * one total timeout, a bounded body, no redirects followed (a redirected token request would carry our client
 * secret to wherever it leads), no cookies. Throws {@link SignInError}: `temporarily_unavailable` when trying
 * again may help, `server_error` otherwise.
 */
export function createOutbound(limits: OutboundLimits): Outbound {
  return async (url, { method = "GET", headers = {}, body = null, signal }) => {
    const target = new URL(url);
    const name = `${method} ${target.origin}${target.pathname}`; // without the query: it may carry secrets
    if (!isAllowed(target, limits.allowLoopbackHttp)) {
      throw new SignInError("server_error", `${name}: refused, only https may be used`);
    }
    const deadline = AbortSignal.timeout(limits.timeout);
    const stop = signal ? AbortSignal.any([deadline, signal]) : deadline;
    try {
      const response = await fetch(target, {
        method,
        headers,
        body,
        signal: stop,
        redirect: "manual",
        credentials: "omit",
      });
      if (response.status >= 300 && response.status < 400) {
        await response.body?.cancel();
        throw new SignInError(
          "server_error",
          `${name} answered ${response.status}, a redirect: not followed`,
        );
      }
      const bytes = await readBounded(response, limits.maxBytes, name);
      const { status, statusText } = response;
      return new Response(bytes.length === 0 ? null : bytes, {
        status,
        statusText,
        headers: response.headers,
      });
    } catch (error) {
      throw error instanceof SignInError ? error : unreachable(name, error, deadline.aborted, limits.timeout);
    }
  };
}

/** Whether a URL may be spoken to: https, or http on this very machine where that is allowed. */
export function isAllowed(url: URL, allowLoopbackHttp: boolean): boolean {
  return url.protocol === "https:" || (allowLoopbackHttp && isLoopbackHttp(url));
}

export function isLoopbackHttp(url: URL): boolean {
  return url.protocol === "http:" && isLoopbackUrl(url);
}

async function readBounded(
  response: Response,
  maxBytes: number,
  name: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop by an error cancels the rest of the body.
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > maxBytes) {
      throw new SignInError("server_error", `${name} answered more than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function unreachable(name: string, error: unknown, timedOut: boolean, timeout: number): SignInError {
  const hint = "the identity provider cannot be reached right now";
  if (timedOut) {
    return new SignInError("temporarily_unavailable", `${name}: no complete answer within ${timeout} ms`, {
      hint,
      logReason: "the provider does not answer",
    });
  }
  // `fetch failed` says nothing: the reason (ECONNREFUSED, a certificate's fault, …) stands in its cause.
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = reason instanceof Error && "code" in reason ? `${String(reason.code)}, ` : "";
  const message = reason instanceof Error ? reason.message : String(reason);
  return new SignInError("temporarily_unavailable", `${name} failed: ${code}${message}`, {
    hint,
    logReason: "the provider does not answer",
    cause: error,
  });
}
