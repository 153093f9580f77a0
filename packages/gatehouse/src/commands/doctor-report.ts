import type { Finding } from "../insight/doctor/check.ts";
import type { Doctor } from "../start/doctor.ts";
import type { JsonOption } from "./options.ts";

export interface ReportOption extends JsonOption {
  readonly report?: true;
}

/** A report for an issue. */
export async function reportAbout(
  doctor: Pick<Doctor, "about">,
  findings: readonly Finding[],
): Promise<string> {
  const [{ createPlaceholders }, { reportOf }] = await Promise.all([
    import("../insight/doctor/placeholders.ts"),
    import("../insight/doctor/report.ts"),
  ]);
  const { system, hidden } = await doctor.about();
  return reportOf(findings, system, createPlaceholders(hidden));
}
