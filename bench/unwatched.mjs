/*
 * Loaded into a server before its own code (--import): as if there were neither an audit trail nor traces,
 * which no setting switches off. What is told goes to the log alone.
 */
import { registerHooks } from "node:module";

const changes = [
  ["/src/insight/audit/trail.ts", "if (isRecorded(event)) add(event);", ""],
  ["/src/insight/trace/writer.ts", "if (isStopped) return;", "if (!isStopped) return;"],
];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const change = changes.find(([path]) => url.endsWith(path));
    if (change === undefined) return loaded;
    const [path, before, after] = change;
    const source = String(loaded.source);
    if (!source.includes(before)) throw new Error(`${path} has changed: mend bench/unwatched.mjs`);
    return { ...loaded, source: source.replace(before, after) };
  },
});
