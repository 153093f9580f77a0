/*
 * An MCP server over stdio that does as its tools are told, good or bad, and tells what it was sent byte for
 * byte. Speaks as `era` in its arguments says: legacy (default), modern, both, silent, or strict:
 * legacy, and gone if initialize does not come first.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: {
    readonly name?: string;
    readonly arguments?: Readonly<Record<string, unknown>>;
    readonly protocolVersion?: string;
    readonly _meta?: Readonly<Record<string, unknown>>;
    readonly requestId?: number | string;
  };
}

const [, , era = "legacy", pidFile] = process.argv;
if (pidFile !== undefined) writeFileSync(pidFile, `${process.pid}\n`, { flag: "a" });

/** Every line it was sent. */
const lines: string[] = [];
const waiting = new Map<string, number | string>();

const write = (text: string): unknown => process.stdout.write(`${text}\n`);
const send = (message: object): unknown => write(JSON.stringify({ jsonrpc: "2.0", ...message }));
const text = (value: unknown) => ({
  content: [{ type: "text", text: typeof value === "string" ? value : JSON.stringify(value) }],
});

let begun = "";
process.stdin.setEncoding("utf8").on("data", (text: string) => {
  const ended = (begun + text).split("\n"); // readline would end a line at U+2028 too
  begun = ended.pop() ?? "";
  for (const line of ended) receive(line);
});

function receive(line: string): void {
  lines.push(line);
  const message = JSON.parse(line) as Message;
  const { id, method } = message;
  if (era === "strict" && lines.length === 1 && method !== "initialize") process.exit(1);
  if (era === "silent" || id === undefined || method === undefined) return;
  const isModern = message.params?._meta?.["io.modelcontextprotocol/protocolVersion"] !== undefined;
  if (isModern ? era === "legacy" || era === "strict" : era === "modern") {
    send({ id, error: { code: isModern ? -32601 : -32602, message: "not of this era" } });
  } else answer(id, method, message.params ?? {});
}

function answer(id: number | string, method: string, params: NonNullable<Message["params"]>): unknown {
  switch (method) {
    case "initialize":
      return send({
        id,
        result: {
          protocolVersion: params.protocolVersion,
          capabilities: { tools: {} },
          serverInfo: { name: "child", version: "1" },
        },
      });
    case "server/discover":
      return send({ id, result: { supportedVersions: ["2026-07-28"], capabilities: {} } });
    case "ping":
      return send({ id, result: {} });
    case "subscriptions/listen": {
      const _meta = { "io.modelcontextprotocol/subscriptionId": id };
      waiting.set("listen", id);
      return send({
        method: "notifications/subscriptions/acknowledged",
        params: { _meta, notifications: {} },
      });
    }
    case "tools/call":
      return call(id, params);
    default:
      return send({ id, error: { code: -32601, message: "Method not found" } });
  }
}

function call(
  id: number | string,
  { name, arguments: given = {}, _meta }: NonNullable<Message["params"]>,
): unknown {
  const done = (value: unknown = "done") => send({ id, result: text(value) });
  switch (name) {
    case "pid":
      return done(process.pid);
    case "arguments":
      return done(process.argv);
    case "environment":
      return done(process.env);
    case "lines":
      return done(lines);
    case "progress":
      for (let progress = 1; progress <= Number(given.times ?? 2); progress++) {
        send({ method: "notifications/progress", params: { progressToken: _meta?.progressToken, progress } });
      }
      return done();
    case "hold": // answered by `release`
      waiting.set(String(given.as), id);
      return undefined;
    case "release": {
      const held = waiting.get(String(given.as));
      if (given.progress) {
        const progressToken = given.progress;
        send({ method: "notifications/progress", params: { progressToken, progress: 1 } });
      }
      send({ id: held, result: text(`released ${given.as}`) });
      return done();
    }
    case "waiting":
      return done([...waiting.entries()]);
    case "print":
      for (const line of given.lines as string[])
        write(line.replaceAll("$listen", String(waiting.get("listen"))).replaceAll("$asked", String(id)));
      return done();
    case "complain":
      process.stderr.write(String(given.text).repeat(Number(given.times ?? 1)));
      setTimeout(done, 50);
      return undefined;
    case "long":
      process.stdout.write(Buffer.alloc(Number(given.bytes), "x"));
      return undefined;
    case "flood": {
      // as progress of its own, or as what belongs to no request
      const filler = "x".repeat(1000);
      for (let number = 1; number <= Number(given.times); number++) {
        if (given.progress) {
          const params = { progressToken: _meta?.progressToken, progress: number, message: filler };
          send({ method: "notifications/progress", params });
        } else
          send({ method: "notifications/resources/updated", params: { uri: `notes://${number}`, filler } });
      }
      return done("flooded");
    }
    case "big":
      if (_meta?.progressToken !== undefined) {
        send({
          method: "notifications/progress",
          params: { progressToken: _meta.progressToken, progress: 1 },
        });
      }
      return done("x".repeat(Number(given.bytes)));
    case "close-output":
      process.stdout.end();
      process.stdout.destroy();
      return setInterval(() => undefined, 1000);
    case "fork": {
      // As `npx` does: a process of the same group, which keeps the pipes open and hears no signal.
      const script = `process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)`;
      const forked = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "inherit", "inherit"] });
      setTimeout(() => done(forked.pid), 300); // once it ignores the signal
      return undefined;
    }
    case "ignore-signals":
      process.on("SIGTERM", () => undefined);
      setInterval(() => undefined, 1000);
      return done();
    case "die":
      return process.exit(3);
    default:
      send({ id, error: { code: -32602, message: "Unknown tool" } });
  }
}
