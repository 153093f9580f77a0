import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse } from "../support/gatehouse.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { runCommand } from "./command-line.ts";
import { doctor, shown } from "./doctor-outcome.ts";

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

test("Z09 each check says its id, result, finding and mend within its time, whatever is down, as text, as JSON and as a report, and a failure ends the command with 1", async () => {
  const server = await startTestGatehouse({ SQL_URL: await postgres.createDatabase() });
  const environment = { ...server.environment };
  const well = await doctor(environment);
  const problems = well.findings.filter(({ result }) => result === "fail" || result === "warn").map(shown);
  // How long a write takes is the disk's doing, and what else is tested meanwhile.
  assert.deepEqual(
    problems.filter((each) => !/^warn \| A write takes \d+ ms\./.test(each)),
    [],
  );
  assert.equal(well.code, 0);
  assert.match(shown(well.of("db.reach")), /^ok \| postgres:\/\/.* answers within \d+ ms\.$/);
  assert.equal(shown(well.of("db.integrity")), "ok | The database is the primary.");
  assert.equal(well.of("clock.self").result, "ok", "asked of the database too");
  const ids = well.findings.map(({ id }) => id);

  const strange = await doctor({
    ...environment,
    SQL_URL: environment.SQL_URL?.replace(/\/\/[^@]*@/, "//nobody-of-ours@") ?? "",
  });
  assert.match(shown(strange.of("db.reach")), /^fail \| .*nobody-of-ours.* \| Check `SQL_URL`/);

  await postgres.goDown();
  const begun = performance.now();
  const down = await doctor(environment);
  assert.equal(down.code, 1);
  assert.ok(performance.now() - begun < 60_000);
  assert.deepEqual(new Set(down.findings.map(({ id }) => id)), new Set(ids), "each says something");
  assert.match(shown(down.of("db.reach")), /^fail \| .*ECONNREFUSED.* \| Start the database/);
  assert.equal(down.of("db.write").result, "skipped");
  assert.equal(down.of("public.reach").result, "ok", "the server lives, and answers the challenge");

  await server.stop();
  const allDown = await doctor(environment);
  assert.equal(allDown.of("public.reach").result, "fail");
  const text = await runCommand(["doctor"], environment);
  const report = await runCommand(["doctor", "--report"], environment);
  assert.deepEqual([text.code, report.code], [1, 1]);
  assert.ok(Buffer.byteLength(report.out) < 60_000);
  for (const { id, result } of allDown.findings) {
    assert.match(text.out, new RegExp(`^${result} +${id} `, "m"));
    assert.match(report.out, new RegExp(`^\\| \`${id}\` \\| ${result} \\| `, "m"));
  }
  assert.match(report.out, /^# gatehouse doctor\n\nGatehouse .*, Node .*, PostgreSQL\n/);
  const mends = allDown.findings.filter(({ result }) => result === "fail").map(({ mend }) => mend);
  assert.ok(mends.length > 1 && mends.every((mend) => mend !== undefined && mend !== ""));
});
