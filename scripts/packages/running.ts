import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";

/**
 * Waits until a program has printed what says that it is ready. It is ended after the test, with what it
 * started, if it leads a group of processes.
 * @throws with all it printed, when it ends before that
 */
export async function running(
  t: TestContext,
  program: ChildProcess,
  ready: RegExp,
): Promise<{ stdout(): string; stderr(): string }> {
  const exited = once(program, "exit");
  t.after(async () => {
    if (program.exitCode !== null || program.signalCode !== null || program.pid === undefined) return;
    if (program.spawnargs[0] === "npx" && process.platform !== "win32") process.kill(-program.pid);
    else program.kill();
    await exited;
  });
  const printed = { stdout: "", stderr: "" };
  program.stderr?.setEncoding("utf8").on("data", (text: string) => {
    printed.stderr += text;
  });
  await new Promise<void>((resolve, reject) => {
    program.stdout?.setEncoding("utf8").on("data", (text: string) => {
      printed.stdout += text;
      if (ready.test(printed.stdout)) resolve();
    });
    const fail = () => reject(new Error(`it ended before it was ready:\n${printed.stdout}${printed.stderr}`));
    exited.then(fail, reject);
  });
  return { stdout: () => printed.stdout, stderr: () => printed.stderr };
}

/** Whether a server has what passkeys need: their page, and the script that it names. */
export async function servesPasskeys(url: string): Promise<void> {
  const entrance = await (await fetch(`${url}/passkeys`)).text();
  const script = await fetch(url + (/src="(\/assets\/[^"]+\.js)"/.exec(entrance)?.[1] ?? ""));
  assert.equal(script.headers.get("content-type"), "text/javascript; charset=utf-8");
  assert.match(await script.text(), /navigator\.credentials\.get/);
}
