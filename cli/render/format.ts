/** `850 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.floor((seconds % 3600) / 60);
  return `${Math.floor(seconds / 3600)} h${minutes === 0 ? "" : ` ${minutes} min`}`;
}

/** `512 B`, `199 kB`, `1.5 MB`: powers of 1000. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1_000_000) return `${Math.round(count / 1000)} kB`;
  if (count < 1_000_000_000) return `${(count / 1_000_000).toFixed(1)} MB`;
  return `${(count / 1_000_000_000).toFixed(1)} GB`;
}

/** Local time to the second, or `-` for a time that is not set. */
export function time(atMs: number): string {
  if (atMs === 0) return "-";
  const at = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(at)}`;
}

/** Local time of day, `14:03:09`. */
export function clock(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((value) => String(value).padStart(2, "0"))
    .join(":");
}

/** `accuracy 0.9132, loss 0.3011`, in the order of the names. */
export function metrics(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, value]) => `${name} ${metric(value)}`)
    .join(", ");
}

/** Four digits after the point; `-` for what is not there. */
export function metric(value: number | undefined): string {
  return value === undefined ? "-" : Number.isInteger(value) ? String(value) : value.toFixed(4);
}

/** Columns for the figures that people look for first, as far as any of the rounds has them. */
export function metricColumns<Round extends { readonly metrics: Readonly<Record<string, number>> }>(
  rounds: readonly Round[],
) {
  return ["loss", "accuracy"]
    .filter((name) => rounds.some((round) => name in round.metrics))
    .map((name) => ({
      title: name.toUpperCase(),
      value: (round: Round) => metric(round.metrics[name]),
      right: true,
    }));
}

/** `10,000`. */
export const count = (value: number): string => value.toLocaleString("en");

/** `site=a label=b`. */
export const labels = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");

/** `1 round`, `3 rounds`. */
export const plural = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
