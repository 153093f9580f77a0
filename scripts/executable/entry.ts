/** Where the single executable begins. */
import "./worker-arguments.ts";
import "../../packages/gatehouse/src/main.ts";
