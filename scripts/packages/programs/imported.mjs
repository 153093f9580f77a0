import { protect } from "@mcp-gatehouse/resource-server";
import { tryOut } from "./try-out.cjs";

await tryOut(protect);
