import type { CustomFetch } from "openid-client";

/** Longest answer of an identity provider that is read, bytes. */
const longestAnswer = 256 * 1024;

/**
 * `fetch` as the sign-in uses it (S11, C19): within a time limit for the whole exchange, without following redirects, reading a bounded
 * answer, sending no cookies. TLS certificates are verified, as node does by default.
 */
export function createOutboundFetch(timeoutMilliseconds: number): CustomFetch {
  return async (url, { body = null, method, headers }) => {
    const response = await fetch(url, {
      method,
      headers,
      body,
      redirect: "manual",
      credentials: "omit",
      signal: AbortSignal.timeout(timeoutMilliseconds),
    });
    const answer = await readBounded(response);
    const nullBody = [101, 204, 205, 304].includes(response.status);
    return new Response(nullBody ? null : answer, {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
}

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > longestAnswer) throw new Error("the identity provider's answer is too long");
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
