import { runProgram } from "./commands/program.ts";
import { processShell } from "./commands/shell.ts";

// A reader that went away (`gatehouse clients list | head -1`) is no fault of ours: whatever is still to be
// said, nobody listens.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

// The first process of a container gets only the signals that it asks for. Who serves asks for itself.
if (process.pid === 1) {
  process.on("SIGTERM", () => {
    if (process.listenerCount("SIGTERM") === 1) process.exit(143);
  });
}

process.exitCode = await runProgram(process.argv.slice(2), processShell(process.env));
