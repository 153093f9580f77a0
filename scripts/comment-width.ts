/**
 * Comments fit 110 columns, like the code, whose width the formatter holds. Prints each line that does not,
 * and exits 1.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const maxColumns = 110;
const root = resolve(import.meta.dirname, "..");
const isComment = /^\s*(?:\/\/|\/\*|\*)/;

const tracked = execFileSync("git", ["ls-files", "*.ts", "*.mjs", "*.js"], { cwd: root, encoding: "utf8" });
const wide = tracked
  .split("\n")
  .filter((file) => file !== "")
  .flatMap((file) =>
    readFileSync(join(root, file), "utf8")
      .split("\n")
      .flatMap((line, at) =>
        isComment.test(line) && [...line].length > maxColumns
          ? [`${file}:${at + 1}: a comment of ${[...line].length} columns`]
          : [],
      ),
  );
for (const line of wide) console.error(line);
if (wide.length > 0) process.exit(1);
