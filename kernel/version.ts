import { existsSync, readFileSync } from "node:fs";

/** The version of this package, from the package.json beside `dist/` (or beside the sources). */
export const comityVersion: string = readVersion();

function readVersion(): string {
  const places = ["../../package.json", "../package.json"].map((place) => new URL(place, import.meta.url));
  const found = places.find((place) => existsSync(place));
  const parsed: unknown = found === undefined ? undefined : JSON.parse(readFileSync(found, "utf8"));
  return typeof parsed === "object" && parsed !== null && "version" in parsed
    ? String(parsed.version)
    : "unknown";
}
