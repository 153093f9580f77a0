import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { gunzipSync } from "node:zlib";

/** What OTLP/HTTP calls a span or a log record, as far as tests look. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly isError: boolean;
}

export interface Collector {
  readonly url: string;
  /** Spans so far. */
  readonly spans: CollectedSpan[];
  /** Everything it was sent, as text. */
  readonly bodies: string[];
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  readonly resources: Readonly<Record<string, unknown>>[];
  /** The next answers have this status. */
  answerWith(status: number): void;
  /** Waits until there is one. */
  span(isIt: (span: CollectedSpan) => boolean): Promise<CollectedSpan>;
  /** Waits until something that was sent has it. */
  holds(text: string): Promise<void>;
}

type KeyValues = readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];

const plain = (pairs: KeyValues = []) =>
  Object.fromEntries(
    pairs.map(({ key, value }) => {
      const [kind, content] = Object.entries(value)[0] ?? [];
      return [key, kind === "intValue" ? Number(content) : content];
    }),
  ) as Record<string, string | number | boolean>;

/** A collector that takes OTLP/HTTP in JSON, on a free loopback port, until the end of the test. */
export async function aCollector(t: Pick<TestContext, "after">): Promise<Collector> {
  const collected: Pick<Collector, "spans" | "bodies" | "requests" | "resources"> = {
    spans: [],
    bodies: [],
    requests: [],
    resources: [],
  };
  let status = 200;
  const waiting = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const sent = await buffer(request);
    const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent).toString();
    collected.requests.push({ path: request.url ?? "", headers: request.headers });
    if (status === 200) {
      collected.bodies.push(text);
      take(JSON.parse(text));
    }
    response.writeHead(status, { "content-type": "application/json" }).end("{}");
    for (const look of waiting) look();
  });
  function take(body: Record<string, never[]>): void {
    for (const { resource, scopeSpans } of body.resourceSpans ?? []) {
      collected.resources.push(plain((resource as { attributes: KeyValues }).attributes));
      for (const { spans } of scopeSpans as { spans: Record<string, never>[] }[]) {
        for (const span of spans) {
          collected.spans.push({
            ...(span as unknown as CollectedSpan),
            attributes: plain(span.attributes),
            links: span.links ?? [],
            isError: (span.status as { code?: number } | undefined)?.code === 2,
          });
        }
      }
    }
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const until = <T>(find: () => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...collected,
    answerWith: (next) => {
      status = next;
    },
    span: (isIt) => until(() => collected.spans.find(isIt)),
    holds: async (text) => {
      await until(() => collected.bodies.find((body) => body.includes(text)));
    },
  };
}
