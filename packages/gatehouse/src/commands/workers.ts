import cluster, { type Worker } from "node:cluster";
import type { Config, ConfigInput } from "../config/config.ts";
import type { GivenFile } from "../config/config-file.ts";
import { type Overrides, startGatehouse } from "../gatehouse.ts";
import { openMetrics } from "../start/metrics.ts";
import { startUpkeep } from "../start/upkeep.ts";
import type { Log } from "../telemetry/log.ts";
import { explainListenError } from "./listen-errors.ts";
import { Refusal } from "./refusal.ts";
import type { Reloaded, Reloader } from "./reload.ts";
import { type Hangups, settleMs, unlessInterrupted, untilToldToStop } from "./signals.ts";
import { describeStart } from "./start-line.ts";
import { answerWithMetrics, asksForMetrics, metricsOfWorkers } from "./worker-metrics.ts";

/** Milliseconds a worker has to live for the next one to follow at once. */
const longEnough = 5000;
const minPauseMs = 250;
const maxPauseMs = 10_000;

/**
 * Runs `gatehouse serve` in several processes that share the port, connection by connection. They share
 * nothing else but the database: this one keeps house in it, and puts a new worker in the place of one that
 * ended.
 *
 * @param signals `interrupted` resolves when all of them are to stop; at a hangup all read the
 * configuration again
 * @throws Refusal when a worker ended before it ever listened; it has said why. DatabaseRefusedError, also
 * long after the start
 */
export async function runWorkers(
  config: Config,
  log: Log,
  { interrupted, hangups }: { readonly interrupted: Promise<void>; readonly hangups: Hangups },
  overrides: Pick<Overrides, "acceptNewKey" | "announce">,
  reloading: Reloading,
): Promise<void> {
  const { workers: count } = config;
  const replacements = new Set<NodeJS.Timeout>();
  let stopping = false;
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(() => undefined); // looked at once the workers start
  const starting = startUpkeep(config, log, { onDatabaseRefused: refused.reject, ...overrides });
  const upkeep = await unlessInterrupted(starting, interrupted, () => log.info("stopping"));
  const { reload, file } = reloading(upkeep);
  let scraped: Awaited<ReturnType<typeof openMetrics>>;
  try {
    const address = await Promise.race([startAll(), interrupted, refused.promise]);
    if (address !== undefined) {
      log.info({ ...describeStart(config, address), workers: count }, "listening");
      scraped = await openMetrics(config, log, async () => [
        ...(upkeep.snapshot ? [upkeep.snapshot()] : []),
        ...(await metricsOfWorkers()),
      ]);
      hangups.each(() => void reload().then((holds) => tellWorkers(holds ? file() : wasRefused)));
      await Promise.race([interrupted, refused.promise]);
    }
  } catch (error) {
    throw explainListenError(error, { ...config.listen, portVariable: "PORT" });
  } finally {
    log.info("stopping");
    stopping = true;
    scraped?.close();
    for (const timer of replacements) clearTimeout(timer);
    await Promise.all(Object.values(cluster.workers ?? {}).map((worker) => worker && stop(worker)));
    await upkeep.stop();
  }

  async function startAll(): Promise<string> {
    // The first alone: what keeps it from listening would keep all of them, and is to be said once.
    const address = await untilListening(start());
    await Promise.all(Array.from({ length: count - 1 }, () => untilListening(start())));
    return address;
  }

  /** @param failures how many in this place ended soon after their start, one after the other */
  function start(failures = 0): Worker {
    const worker = cluster.fork();
    // A worker that takes the place of another runs with what the others do, whatever the file holds by now.
    worker.send(file());
    const begun = performance.now();
    let listened = failures > 0; // one that takes the place of another is replaced however far it came
    worker.once("listening", () => {
      listened = true;
    });
    worker.on("error", (error) => log.error({ err: error }, "a worker cannot be reached"));
    worker.once("exit", (code: number | null, signal: string | null) => {
      if (stopping || !listened) return;
      const soon = performance.now() - begun < longEnough;
      const pause = soon ? Math.min(minPauseMs * 2 ** failures, maxPauseMs) : 0;
      log.error({ code, signal, nextInMilliseconds: pause }, "a worker ended; another takes its place");
      const timer = setTimeout(() => {
        replacements.delete(timer);
        start(soon ? failures + 1 : 1);
      }, pause);
      replacements.add(timer);
    });
    return worker;
  }
}

/** Reads the configuration again, and hands it to whoever takes over what changed. */
type Reloading = (running: Reloaded) => Reloader;

/** What the primary says to its workers where it found something wrong; else they get the file. */
const wasRefused = "the configuration was refused";

function tellWorkers(what: GivenFile | typeof wasRefused): void {
  for (const worker of Object.values(cluster.workers ?? {})) {
    if (worker?.isConnected()) worker.send(what);
  }
}

/** What a worker reads: the environment, and the file as its primary has read it last and says. */
export async function inputOfWorker({ environment }: ConfigInput): Promise<ConfigInput> {
  let givenFile = await new Promise<GivenFile>((resolve) => process.once("message", resolve));
  process.on("message", (message: GivenFile | typeof wasRefused) => {
    if (message !== wasRefused && !asksForMetrics(message)) givenFile = message;
  });
  return {
    environment,
    get givenFile() {
      return givenFile;
    },
  };
}

/** One of these processes. What it does not do, its primary does; of hangups it listens to its primary's. */
export async function serveAsWorker(
  config: Config,
  log: Log,
  acceptNewKey: boolean,
  reloading: Reloading,
): Promise<void> {
  const toldToStop = untilToldToStop();
  try {
    const starting = startGatehouse(config, log, { keepsHouse: false, acceptNewKey, settleMs });
    const gatehouse = await unlessInterrupted(starting, toldToStop, () => undefined);
    // Its primary tells the events.
    const { reload } = reloading({ reload: gatehouse.reload });
    if (gatehouse.snapshot) answerWithMetrics(gatehouse.snapshot);
    process.on("message", (message) => {
      if (asksForMetrics(message)) return;
      if (message === wasRefused) gatehouse.onReload(false);
      else void reload().then(gatehouse.onReload);
    });
    await toldToStop;
    await gatehouse.stop();
  } catch (error) {
    throw explainListenError(error, { ...config.listen, portVariable: "PORT" });
  } finally {
    // The line to the primary would keep the process.
    cluster.worker?.disconnect();
  }
}

/** Where it listens. */
async function untilListening(worker: Worker): Promise<string> {
  const { address, port } = await new Promise<{ address: string; port: number }>((resolve, reject) => {
    worker.once("listening", resolve);
    worker.once("exit", (_code: number | null, signal: string | null) => {
      // One that ended by itself has said why.
      reject(new Refusal(1, signal === null ? "" : `a worker was ended by ${signal} before it listened`));
    });
  });
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

async function stop(worker: Worker): Promise<void> {
  if (worker.isDead()) return;
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  worker.process.kill("SIGTERM");
  await ended;
}
