import type { IncomingMessage } from "node:http";

/** What a request is for, as sent: undecoded, nothing resolved. */
export interface RequestTarget {
  /** In lower case, with its port; of a target in absolute form its authority (RFC 9112 §3.2.2). */
  readonly host: string | undefined;
  /** Without query. */
  readonly path: string;
}

export function targetOf({ url = "", headers }: Pick<IncomingMessage, "url" | "headers">): RequestTarget {
  if (url.startsWith("/")) return { host: headers.host?.toLowerCase(), path: withoutQuery(url) };
  const [, host, path] = /^https?:\/\/([^/?#@\\]+)(\/[^#]*)$/i.exec(url) ?? [];
  return host === undefined || path === undefined
    ? { host: undefined, path: url }
    : { host: host.toLowerCase(), path: withoutQuery(path) };
}

function withoutQuery(target: string): string {
  const mark = target.indexOf("?");
  return mark === -1 ? target : target.slice(0, mark);
}
