import cluster from "node:cluster";
import type { RunningGatehouse } from "../gatehouse.ts";

/*
 * What each of several processes has counted, asked of all of them when somebody wants the metrics.
 */

type Snapshot = ReturnType<NonNullable<RunningGatehouse["snapshot"]>>;

interface Question {
  readonly asksForMetrics: number;
}

interface Answer {
  readonly answersMetrics: number;
  readonly snapshot: Snapshot;
}

/** A worker that has not answered after so many milliseconds is left out. */
const patienceMs = 2000;
let asked = 0;

/** Whether a message of the primary asks for metrics, and is nothing else. */
export const asksForMetrics = (message: unknown): message is Question => has(message, "asksForMetrics");

const has = (message: unknown, key: string) =>
  typeof message === "object" && message !== null && Object.hasOwn(message, key);

/** In a worker: answers whenever the primary asks. */
export function answerWithMetrics(snapshot: () => Snapshot): void {
  process.on("message", (message) => {
    if (!asksForMetrics(message)) return;
    process.send?.({ answersMetrics: message.asksForMetrics, snapshot: snapshot() } satisfies Answer);
  });
}

/** In the primary: what every worker has counted that answers in time. */
export async function metricsOfWorkers(): Promise<Snapshot[]> {
  const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker?.isConnected());
  const id = ++asked;
  const answers = workers.map(
    (worker) =>
      new Promise<Snapshot | undefined>((resolve) => {
        const finish = (snapshot?: Snapshot) => {
          clearTimeout(timer);
          worker?.off("message", listen);
          resolve(snapshot);
        };
        const listen = (message: unknown) => {
          if (has(message, "answersMetrics") && (message as Answer).answersMetrics === id) {
            finish((message as Answer).snapshot);
          }
        };
        const timer = setTimeout(finish, patienceMs);
        worker?.on("message", listen);
        worker?.send({ asksForMetrics: id } satisfies Question);
      }),
  );
  return (await Promise.all(answers)).filter((snapshot) => snapshot !== undefined);
}
