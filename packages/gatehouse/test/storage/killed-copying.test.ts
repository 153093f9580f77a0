import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";

const copier = join(import.meta.dirname, "copier.ts");
/** So many that the log was copied many times and finished at least once. */
const enough = 6000;

/** Kills them in the middle of what they do, once they said that enough is durable. */
async function fillAndKill(writers: readonly ChildProcess[]): Promise<number[]> {
  let printed = "";
  const isEnough = Promise.withResolvers<void>();
  for (const { stdout } of writers) {
    let rest = "";
    stdout?.on("data", (data: Buffer) => {
      const whole = `${rest}${data}`;
      const end = whole.lastIndexOf("\n") + 1;
      printed += whole.slice(0, end);
      rest = whole.slice(end);
      if (printed.length > enough * 5) isEnough.resolve();
    });
  }
  await isEnough.promise;
  const closed = writers.map((writer) => once(writer, "close"));
  for (const writer of writers) writer.kill("SIGKILL");
  await Promise.all(closed);
  return printed.trim().split("\n").map(Number);
}

for (const count of [1, 2])
  test(`killed while the log is copied, with ${count} that write: nothing that was durable is missing`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "gatehouse-killed-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "filled.db");
    for (let times = 0; times < 2; times++) {
      const writers = Array.from({ length: count }, (_, remainder) =>
        spawn(process.execPath, [copier, path, `${remainder}`], { stdio: ["ignore", "pipe", "inherit"] }),
      );
      const durable = await fillAndKill(writers);
      assert.ok(durable.length > 1000);
      const database = new DatabaseSync(path);
      const there = new Set(
        database
          .prepare("select id from filled")
          .all()
          .map(({ id }) => id),
      );
      assert.deepEqual(
        durable.filter((id) => !there.has(id)),
        [],
      );
      assert.deepEqual({ ...database.prepare("pragma integrity_check").get() }, { integrity_check: "ok" });
      database.close();
    }
  });
