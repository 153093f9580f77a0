import { oneLine } from "../../../oauth/harmless.ts";
import { type DoctorCheck, findingsOf, SkippedCheck } from "../check.ts";

/** What takes room in a folder: a file, or a folder with all that is in it. */
export interface LargeEntry {
  /** Within that folder. */
  readonly path: string;
  readonly bytes: number;
}

/** Of the folder that holds the database. */
export interface DiskLook {
  readonly folder: string;
  readonly freeBytes: number;
  /** `undefined`: this kind of file system has no such limit. */
  readonly freeFiles: number | undefined;
  /** Bytes by which the database has grown a day, where that can be told. */
  readonly bytesPerDay: number | undefined;
  /** Of the whole disk that it is on. */
  readonly usedBytes: number;
  /** Its largest entries, the largest first; the same answer, however often it is asked for. */
  readonly largest: () => Promise<readonly LargeEntry[]>;
}

/** With less than this no write can be relied on. */
const neededBytes = 1024 * 1024;
/** With less than these it is time to do something. */
const scarceBytes = 500_000_000;
const scarceDays = 14;
const scarceFiles = 100;

/** @param look `undefined`: the database is not on this computer */
export function diskCheck(look: (() => Promise<DiskLook>) | undefined): DoctorCheck {
  const { ok, warn, fail } = findingsOf("disk.space");
  return {
    id: "disk.space",
    needs: ["config.valid"],
    async run() {
      if (look === undefined) throw new SkippedCheck("The database is not in a file of this computer.");
      const looked = await look();
      const { folder, freeBytes, freeFiles, bytesPerDay } = looked;
      const free = `${describeBytes(freeBytes)} free`;
      if (freeBytes < neededBytes) {
        return fail(`${free} in ${folder}${await whatFills(looked)}.`, "Free some; nothing is lost.");
      }
      if (freeFiles !== undefined && freeFiles < scarceFiles) {
        const what = `No more than ${freeFiles} files can be made in ${folder} (inodes).`;
        return freeFiles === 0 ? fail(what, "Delete some.") : warn(what, "Delete some.");
      }
      const days = bytesPerDay === undefined || bytesPerDay <= 0 ? undefined : freeBytes / bytesPerDay;
      const lasts = days === undefined ? "" : `, ${describeDays(days)} at the growth so far`;
      if (freeBytes < scarceBytes || (days !== undefined && days < scarceDays)) {
        return warn(
          `${free} in ${folder}${lasts}${await whatFills(looked)}.`,
          "Free some before it is full.",
        );
      }
      return ok(`${free}${lasts}.`);
    },
  };
}

/** Smaller ones than this share of the disk's are none that would help. */
const tellingShare = 0.05;

/** `; largest there: export/people.csv (7.4 MB)`. Names are strangers' perhaps. */
async function whatFills({ largest, usedBytes }: DiskLook): Promise<string> {
  const found = await largest().catch(() => []);
  const telling = found.filter(({ bytes }) => bytes >= tellingShare * usedBytes);
  if (telling.length === 0) return "; what fills it lies outside of that folder";
  const each = telling.map(({ path, bytes }) => `${oneLine(path, 200)} (${describeBytes(bytes)})`);
  return `; largest there: ${each.join(", ")}`;
}

function describeDays(days: number): string {
  if (days > 3650) return "more than ten years";
  return days < 1 ? "less than a day" : `about ${Math.floor(days)} days`;
}

function describeBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const unit = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${(bytes / 1000 ** unit).toFixed(unit < 3 ? 0 : 1)} ${units[unit]}`;
}
