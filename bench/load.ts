import type { Running, Workload } from "./contenders/contender.ts";
import { Lane } from "./lane.ts";
import { cpuSeconds } from "./process.ts";
import { Timings } from "./timings.ts";

export interface LoadOptions {
  readonly lanes: number;
  /** What goes before the part that counts. */
  readonly warmUpSeconds: number;
  /** How long that takes; or what it lasts as long as. */
  readonly seconds: number | (() => Promise<unknown>);
  /**
   * Requests a second, begun at even distances whether earlier ones are answered or not; undefined: the next
   * as soon as the last is answered.
   */
  readonly rate?: number;
}

export interface Load {
  /** Answers a second. */
  readonly rate: number;
  /** Microseconds of the server's CPU time an answer. */
  readonly cpu: number;
  /**
   * Milliseconds. With a `rate` given, since a request was due: one that had to wait for a free lane has
   * waited.
   */
  readonly median: number;
  readonly p99: number;
}

/**
 * Puts a server under load. Rejects when it answers with another status than the workload expects, or runs
 * out of requests.
 */
export async function load(
  server: Pick<Running, "host" | "port" | "pids">,
  workload: Workload,
  options: LoadOptions,
): Promise<Load> {
  const { lanes: count, warmUpSeconds, seconds, rate } = options;
  const failure = Promise.withResolvers<never>();
  const timings = new Timings();
  const lanes = Array.from({ length: count }, () => new Lane(server.host, server.port, failure.reject));
  let stopped = false;
  let underWay = 0;
  let answers = 0;

  function begin(lane: number, due: number, andThen: () => void): void {
    const request = workload.next(lane);
    if (request === undefined) {
      failure.reject(new Error("the workload ran out of requests"));
      return;
    }
    underWay++;
    lanes[lane]?.send(request, workload.learn !== undefined, (status, body) => {
      if (status !== workload.status) {
        return failure.reject(new Error(`answered ${status} instead of ${workload.status}: ${body}`));
      }
      workload.learn?.(lane, body);
      underWay--;
      answers++;
      timings.add(performance.now() - due);
      andThen();
    });
  }

  function again(lane: number): void {
    if (!stopped) begin(lane, performance.now(), () => again(lane));
  }

  const atRate = (perSecond: number) => {
    const idle = lanes.map((_, lane) => lane);
    const start = performance.now();
    let begun = 0;
    const beginDue = () => {
      for (;;) {
        const due = start + (begun / perSecond) * 1000;
        if (stopped || due > performance.now()) return;
        // In turn: a connection that is never used is ended by its server.
        const lane = idle.shift();
        if (lane === undefined) return;
        begun++;
        begin(lane, due, () => {
          idle.push(lane);
          beginDue();
        });
      }
    };
    // Timers are too coarse for ten thousand requests a second: look at each turn of the loop what is due.
    // That takes a core of its own, which few requests are not to take from the server.
    const soon = perSecond > 1000 ? setImmediate : (look: () => void) => setTimeout(look, 1);
    const turn = () => {
      beginDue();
      if (!stopped) soon(turn);
    };
    turn();
  };

  const measure = async (): Promise<Load> => {
    if (rate === undefined) for (const lane of lanes.keys()) again(lane);
    else atRate(rate);
    await pause(warmUpSeconds);
    const cpu = () => server.pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
    timings.clear();
    answers = 0;
    const [cpuBefore, begun] = [cpu(), performance.now()];
    await (typeof seconds === "number" ? pause(seconds) : seconds());
    const [cpuAfter, ended, answered] = [cpu(), performance.now(), answers];
    if (answered === 0) throw new Error("nothing was answered");
    return {
      rate: answered / ((ended - begun) / 1000),
      cpu: ((cpuAfter - cpuBefore) / answered) * 1e6,
      median: timings.at(0.5),
      p99: timings.at(0.99),
    };
  };

  try {
    return await Promise.race([measure(), failure.promise]);
  } finally {
    stopped = true;
    // An answer that is on its way may carry what the next run goes on with.
    for (let waited = 0; underWay > 0 && waited < 50; waited++) await pause(0.1);
    for (const lane of lanes) lane.close();
  }
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
