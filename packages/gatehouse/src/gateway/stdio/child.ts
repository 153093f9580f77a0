import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createLineReader } from "./lines.ts";
import { forgetGroup, rememberGroup, signalGroup } from "./process-group.ts";
import type { Timers } from "./timers.ts";

/** What a child is started with. */
export interface ChildCommand {
  /** Program and arguments as they are: no shell. */
  readonly command: readonly [string, ...string[]];
  readonly folder: string | undefined;
  /** All of its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface ChildOutput {
  /** A line of its output, which should be a message. */
  onLine(line: Buffer): void;
  /** A line of its standard error, cut where it is long. */
  onStandardError(line: Buffer): void;
  /** It can answer no more; called once, and never after `stop`. */
  onEnd(why: string): void;
}

/** One process, from its start until nothing of its group is left. */
export interface Child {
  readonly pid: number | undefined;
  /** Sends one line. False: it does not read what it got already, and gets nothing more. */
  send(line: Buffer): boolean;
  /** Its output is not read for a while, so that it has to wait. */
  pause(): void;
  resume(): void;
  /** Closes its input, later ends its whole group (W65). Resolves once nothing of it is left. */
  stop(): Promise<void>;
  /** Nothing of its group is left. */
  readonly gone: Promise<void>;
}

/** Milliseconds it gets to end by itself, and then after SIGTERM. */
const stepMs = 5000;
/** Between two looks at whether the group is still there. */
const lookMs = 100;
/** How long output is waited for that was written before the process ended. */
const lastOutputMs = 300;
/** How long the end of the process is waited for that has closed its output. */
const exitMs = 200;
const maxLineBytes = 10_000_000;
const maxStandardErrorBytes = 2048;
/** What waits to be read by the child. */
const maxWaitingBytes = 16_000_000;

export function startChild(start: ChildCommand, output: ChildOutput, timers: Timers): Child {
  const [program, ...parameters] = start.command;
  const running = spawn(program, parameters, {
    cwd: start.folder,
    env: { ...start.environment },
    shell: false,
    detached: true, // the leader of a process group of its own
    stdio: "pipe",
  });
  const { pid } = running;
  if (pid !== undefined) rememberGroup(pid);
  const gone = Promise.withResolvers<void>();
  let exited = pid === undefined;
  let ended = false;
  let stopping: Promise<void> | undefined;

  function end(why: string): void {
    if (ended) return;
    ended = true;
    if (stopping === undefined) output.onEnd(why);
    void stop();
  }

  readOutput(running, output, end);
  running.on("error", (error) => end(`it cannot be started: ${error.message}`));
  let exit: string | undefined;
  running.on("exit", (code, signal) => {
    exited = true;
    exit = signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
    const why = exit;
    if (running.stdout.readableEnded) end(why);
    else timers.after(lastOutputMs, () => end(why));
  });
  running.stdout.once("end", () => {
    if (exit !== undefined) end(exit);
    else timers.after(exitMs, () => end("it closed its output"));
  });

  function isGone(): boolean {
    return exited && (pid === undefined || !signalGroup(pid, 0));
  }

  /** Whether the group has ended after so many milliseconds at most. */
  function isGoneWithin(ms: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const until = timers.now() + ms;
    let cancel = () => {};
    const look = () => {
      cancel();
      if (isGone()) resolve(true);
      else if (timers.now() >= until) resolve(false);
      else cancel = timers.after(lookMs, look);
    };
    if (!exited) running.once("exit", look);
    look();
    return promise;
  }

  async function endInSteps(): Promise<void> {
    running.stdin.end();
    if (!(await isGoneWithin(stepMs)) && pid !== undefined) {
      signalGroup(pid, "SIGTERM");
      if (!(await isGoneWithin(stepMs))) {
        signalGroup(pid, "SIGKILL");
        // What nobody has waited for stays in the table of processes, and in its group, though it has ended.
        await isGoneWithin(1000);
      }
    }
    running.stdout.destroy();
    running.stderr.destroy();
    running.stdin.destroy();
    if (pid !== undefined) forgetGroup(pid);
    gone.resolve();
  }

  function stop(): Promise<void> {
    stopping ??= endInSteps();
    return gone.promise;
  }

  return {
    pid,
    send(line) {
      const { stdin } = running;
      if (!stdin.writable || stdin.writableLength > maxWaitingBytes) return false;
      stdin.cork();
      stdin.write(line);
      stdin.write("\n");
      stdin.uncork();
      return true;
    },
    pause: () => void running.stdout.pause(),
    resume: () => void running.stdout.resume(),
    stop,
    gone: gone.promise,
  };
}

function readOutput(
  { stdin, stdout, stderr }: ChildProcessWithoutNullStreams,
  output: ChildOutput,
  end: (why: string) => void,
): void {
  const onTooLong = () => end(`it wrote a line of over ${maxLineBytes} bytes`);
  stdout.on("data", createLineReader({ maxBytes: maxLineBytes, onTooLong }, output.onLine));
  stderr.on("data", createLineReader({ maxBytes: maxStandardErrorBytes }, output.onStandardError));
  // That a pipe broke is told by the end of the process or of its output.
  for (const pipe of [stdin, stdout, stderr]) pipe.on("error", () => undefined);
}
