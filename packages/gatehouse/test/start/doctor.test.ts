import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createDoctor } from "../../src/start/doctor.ts";
import { systemClock, systemRandom } from "../../src/start/system.ts";
import { anyProvider } from "../commands/command-line.ts";

test("the page of doctor tells of each of its checks, in their order, and of no other", async () => {
  const environment = {
    ...anyProvider,
    BASE_URL: "https://login.example.com",
    SQL_URL: "sqlite:/nowhere/gatehouse.db",
  };
  const doctor = createDoctor({ environment, clock: systemClock, random: systemRandom });
  await doctor.close();
  const page = await readFile(join(import.meta.dirname, "../../../../docs/doctor.md"), "utf8");
  const [, section = ""] = page.split("\n## The checks\n");
  const told = Array.from((section.split("\n## ")[0] ?? "").matchAll(/^\| `([a-z.]+)` \|/gm), ([, id]) => id);
  assert.deepEqual(
    told,
    doctor.checks.map(({ id }) => id),
  );
});
