/**
 * Prints every sentence for people that stands outside the catalogues of `pages/`, and exits 1 if there is
 * one.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { findSentences, isChecked } from "./sentences.ts";

const root = resolve(import.meta.dirname, "..");
const source = "packages/gatehouse/src";

const findings = readdirSync(join(root, source), { recursive: true, encoding: "utf8" })
  .map((name) => `${source}/${name.replaceAll("\\", "/")}`)
  .filter((file) => file.endsWith(".ts") && isChecked(file))
  .flatMap((file) =>
    findSentences(file, readFileSync(join(root, file), "utf8")).map(
      ({ line, text }) => `${file}:${line}: a sentence for people belongs in pages/words.ts: ${text}`,
    ),
  );

for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exit(1);
