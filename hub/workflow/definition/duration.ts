import type { Json } from "#kernel/json.js";
import type { Duration, DurationObject } from "./parts.js";

const unitMs = {
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
} as const satisfies Record<keyof DurationObject, number>;

/** A hundred years: no timer is further away. */
const maxMs = 36_525 * unitMs.days;

const iso =
  /^P(?=.)(?:(?<weeks>\d+)W|(?:(?<days>\d+(?:[.,]\d+)?)D)?(?:T(?=\d)(?:(?<hours>\d+(?:[.,]\d+)?)H)?(?:(?<minutes>\d+(?:[.,]\d+)?)M)?(?:(?<seconds>\d+(?:[.,]\d+)?)S)?)?)$/;

/**
 * The milliseconds of a duration: an object of numbers, or an ISO 8601 text. Undefined for everything else, also for years and months,
 * which have no fixed length, and for more than a hundred years.
 */
export function durationMs(value: Json | Duration): number | undefined {
  const parts = typeof value === "string" ? isoParts(value) : objectParts(value);
  if (parts === undefined) return undefined;
  const ms = Math.round(parts.reduce((sum, [unit, count]) => sum + unitMs[unit] * count, 0));
  return ms <= maxMs ? ms : undefined;
}

type Parts = readonly (readonly [keyof typeof unitMs, number])[];

function isoParts(text: string): Parts | undefined {
  const groups = iso.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const number = (name: string): number => Number(groups[name]?.replace(",", ".") ?? 0);
  return [
    ["days", number("weeks") * 7 + number("days")],
    ["hours", number("hours")],
    ["minutes", number("minutes")],
    ["seconds", number("seconds")],
  ];
}

function objectParts(value: unknown): Parts | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const parts: [keyof typeof unitMs, number][] = [];
  for (const [unit, count] of Object.entries(value) as [string, unknown][]) {
    if (!isUnit(unit) || typeof count !== "number" || !(count >= 0)) return undefined;
    parts.push([unit, count]);
  }
  return parts;
}

const isUnit = (text: string): text is keyof typeof unitMs => Object.hasOwn(unitMs, text);
