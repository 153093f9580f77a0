import { join } from "node:path";
import { fromArguments } from "./filling.ts";
import { fill, serve } from "./oidc-provider-server.ts";
import { RowFile, sqliteAdapters } from "./sqlite-adapter.ts";

const task = fromArguments();
const file = new RowFile(join(task.folder, "oidc-provider.db"));
const adapterOf = sqliteAdapters(file);
await file.filling(() => fill(adapterOf, task));
serve(adapterOf, task);
