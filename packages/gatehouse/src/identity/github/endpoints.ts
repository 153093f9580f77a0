/** Where a GitHub is: github.com, or a GitHub Enterprise Server. */
export interface GithubEndpoints {
  /** One half of who a person is; the other is the number of their account (V31). */
  readonly issuer: string;
  /** Where people sign in and codes are exchanged. */
  readonly web: string;
  /** The REST API, which alone gets the token. */
  readonly api: string;
}

/** @param host the origin of an Enterprise Server; github.com when left out */
export function githubEndpoints(host?: string): GithubEndpoints {
  if (host === undefined) {
    return { issuer: "https://github.com", web: "https://github.com", api: "https://api.github.com" };
  }
  const { origin, hostname, protocol } = new URL(host);
  // GitHub's own cloud for enterprises has its API at a name of its own.
  const api = hostname.endsWith(".ghe.com") ? `${protocol}//api.${hostname}` : `${origin}/api/v3`;
  return { issuer: origin, web: origin, api };
}
