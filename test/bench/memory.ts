import { readFileSync } from "node:fs";

/** Resident memory of a process in bytes, from Linux's /proc: now (`VmRSS`) or at its highest (`VmHWM`). */
export function residentBytes(pid: number, which: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kibibytes = new RegExp(`^${which}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
  if (kibibytes === undefined) throw new Error(`/proc/${pid}/status has no ${which}.`);
  return Number(kibibytes) * 1024;
}
