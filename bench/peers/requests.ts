import type { Workload } from "../contenders/contender.ts";
import { formRequest, getRequest, jsonRequest } from "../http-request.ts";
import { clientId, introspectorHeaders, redirectUri } from "./clients.ts";
import { secret } from "./secrets.ts";

export function readMetadata(path: string): Workload {
  const request = getRequest(path);
  return { next: () => request, status: 200 };
}

/** Any of the live tokens, each as likely as the others. */
export function introspectLive(path: string, tokens: number): Workload {
  return {
    next: () =>
      formRequest(path, { token: secret("token", Math.floor(Math.random() * tokens)) }, introspectorHeaders),
    status: 200,
  };
}

export function introspectUnknown(path: string): Workload {
  const request = formRequest(path, { token: secret("unknown", 0) }, introspectorHeaders);
  return { next: () => request, status: 200 };
}

/**
 * Each lane goes on with the refresh token the last answer gave. Where that answer was cut off by the end of
 * a round, nobody knows the token, and the lane begins another of the chains in the store.
 */
export function refresh(path: string): Workload {
  const current: (string | undefined)[] = [];
  let begun = 0;
  return {
    next(lane) {
      const token = current[lane] ?? secret("refresh", begun++);
      current[lane] = undefined;
      return formRequest(path, { grant_type: "refresh_token", refresh_token: token, client_id: clientId });
    },
    // Searched for rather than parsed, for the body may come chunked and with the lengths of its chunks.
    learn: (lane, body) => {
      const [, token] = /"refresh_token":"([^"]+)"/.exec(body) ?? [];
      if (token === undefined) throw new Error(`no refresh token in ${body}`);
      current[lane] = token;
    },
    status: 200,
  };
}

/** Exchanges each code once, whichever lane asks, however many rounds there are. */
export function exchangeCodes(path: string, codes: number): Workload {
  let used = 0;
  return {
    next() {
      if (used === codes) return undefined;
      const n = used++;
      return formRequest(path, {
        grant_type: "authorization_code",
        code: secret("code", n),
        redirect_uri: redirectUri,
        client_id: clientId,
        code_verifier: secret("verifier", n),
      });
    },
    status: 200,
  };
}

export function register(path: string): Workload {
  let registered = 0;
  return {
    next: () =>
      jsonRequest(path, {
        client_name: `Bench ${registered++}`,
        redirect_uris: ["https://app.example.com/callback"],
        grant_types: ["authorization_code", "refresh_token"],
        token_endpoint_auth_method: "none",
      }),
    status: 201,
  };
}
