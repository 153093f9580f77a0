import assert from "node:assert/strict";
import { test } from "node:test";
import { installedWith } from "./lock-file.ts";

test("an installed server brings at most 75 packages, and no example among them", () => {
  const brought = installedWith("packages/gatehouse");
  assert.ok(brought.includes("node_modules/jose"), "the count looks at the wrong place");
  assert.deepEqual(
    brought.filter((path) => path.startsWith("examples/")),
    [],
  );
  assert.ok(brought.length <= 75, `${brought.length} packages: ${brought.join(", ")}`);
});

test("the kit for MCP servers brings nothing", () => {
  assert.deepEqual(installedWith("packages/resource-server"), []);
});
