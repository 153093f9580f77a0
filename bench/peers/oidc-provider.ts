import { fromArguments } from "./filling.ts";
import { MemoryAdapter } from "./memory-adapter.ts";
import { fill, serve } from "./oidc-provider-server.ts";

const task = fromArguments();
const adapters = new Map<string, MemoryAdapter>();
const adapterOf = (model: string): MemoryAdapter => {
  const adapter = adapters.get(model) ?? new MemoryAdapter();
  adapters.set(model, adapter);
  return adapter;
};
await fill(adapterOf, task);
serve(adapterOf, task);
