import { runTogether, together } from "./files.ts";

runTogether(together.commands);
