import { ComityError } from "#kernel/errors.js";

/** A cron expression of five fields, each as the sorted numbers that it means. */
export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  /** From 1. */
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly daysOfWeek: readonly number[];
  /** With both fields of days given, a day fits when one of them does (POSIX); else when both do. */
  readonly eitherDay: boolean;
}

interface Field {
  readonly noun: string;
  readonly min: number;
  readonly max: number;
  /** Names for the numbers from `min` on. */
  readonly names?: readonly string[];
}

const fields: readonly [Field, Field, Field, Field, Field] = [
  { noun: "minute", min: 0, max: 59 },
  { noun: "hour", min: 0, max: 23 },
  { noun: "day of the month", min: 1, max: 31 },
  {
    noun: "month",
    min: 1,
    max: 12,
    names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  { noun: "day of the week", min: 0, max: 7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

const shorthands: ReadonlyMap<string, string> = new Map([
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
  ["@monthly", "0 0 1 * *"],
  ["@weekly", "0 0 * * 0"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@hourly", "0 * * * *"],
]);

/** Reads minute, hour, day of the month, month and day of the week (POSIX crontab, with names, ranges, lists, steps). Throws `ARGUMENT_INVALID`. */
export function parseCron(text: string): Cron {
  const parts = (shorthands.get(text.trim().toLowerCase()) ?? text).trim().split(/\s+/);
  if (parts.length !== fields.length) {
    throw new ComityError(
      "ARGUMENT_INVALID",
      `A cron expression has 5 fields (minute, hour, day of the month, month, day of the week), and this has ${parts.length}.`,
    );
  }
  const [minutes = [], hours = [], daysOfMonth = [], months = [], weekdays = []] = fields.map(
    (field, index) => parseField(parts[index] ?? "", field),
  );
  const daysOfWeek = [...new Set(weekdays.map((day) => day % 7))].toSorted((a, b) => a - b);
  const cron = { minutes, hours, daysOfMonth, months, daysOfWeek };
  const eitherDay = parts[2]?.startsWith("*") === false && parts[4]?.startsWith("*") === false;
  if (!eitherDay && !months.some((month) => daysOfMonth.some((day) => day <= longest(month))))
    throw new ComityError("ARGUMENT_INVALID", "There is no such day in any of these months.");
  return { ...cron, eitherDay };
}

/** Days of a month, in the longest year. */
function longest(month: number): number {
  return new Date(Date.UTC(2024, month, 0)).getUTCDate();
}

function parseField(text: string, field: Field): readonly number[] {
  const numbers = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^(?<range>\*|(?<from>\w+)(?:-(?<to>\w+))?)(?:\/(?<step>\d+))?$/.exec(part)?.groups;
    if (match === undefined) refuse(part, field);
    const { from, to, step } = match;
    const first = from === undefined ? field.min : numberOf(from, field);
    const last =
      to === undefined ? (from === undefined || step !== undefined ? field.max : first) : numberOf(to, field);
    const stride = Number(step ?? 1);
    if (last < first || stride < 1 || stride > field.max) refuse(part, field);
    for (let number = first; number <= last; number += stride) numbers.add(number);
  }
  return [...numbers].toSorted((a, b) => a - b);
}

function numberOf(text: string, field: Field): number {
  const named = field.names?.indexOf(text.toLowerCase()) ?? -1;
  const number = named >= 0 ? named + field.min : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= field.min && number <= field.max)) refuse(text, field);
  return number;
}

function refuse(text: string, { noun, min, max }: Field): never {
  throw new ComityError(
    "ARGUMENT_INVALID",
    `${JSON.stringify(text)} is no ${noun} of a cron expression, which goes from ${min} to ${max}.`,
  );
}
