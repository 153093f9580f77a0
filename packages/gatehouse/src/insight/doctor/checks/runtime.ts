import { type DoctorCheck, findingsOf } from "../check.ts";

export interface Runtime {
  /** Of Gatehouse. */
  readonly version: string;
  /** `24.21.0` */
  readonly node: string;
  /** What it runs as: one file that brings its own Node, or a package on another. */
  readonly as: "executable" | "package";
}

/** The oldest Node that what is published runs on. */
export const neededNode = 24;

export function runtimeCheck({ version, node, as }: Runtime): DoctorCheck {
  const { ok, fail } = findingsOf("runtime.version");
  const [major = "", minor = ""] = node.split(".");
  return {
    id: "runtime.version",
    async run() {
      if (Number(major) < neededNode) {
        return fail(
          `Node ${major} is too old; needed is ${neededNode}.`,
          `Install Node ${neededNode} or newer, or take the executable, which brings its own.`,
        );
      }
      return ok(
        as === "executable"
          ? `Gatehouse ${version}, an executable with Node ${major}.${minor} in it.`
          : `Gatehouse ${version} on Node ${major}.${minor}.`,
      );
    },
  };
}
