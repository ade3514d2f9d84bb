import { AggregationError, quoted } from "../errors.js";

/** What one site measured on its rows. */
interface MetricsRow {
  /** How many rows the metrics stand for. */
  readonly samples: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * The mean of each metric, weighted by samples, over rows with samples above 0. A metric that one of them lacks is left out.
 * The same rows in the same order give the same numbers. Throws `ARGUMENT_INVALID` for a number that is not finite, with the row as `index`.
 */
export function weightedMetrics(rows: readonly MetricsRow[]): Record<string, number> {
  for (const [index, { samples, metrics }] of rows.entries()) {
    if (!Number.isFinite(samples) || samples < 0) {
      throw new AggregationError(
        "ARGUMENT_INVALID",
        `Row ${index} stands for ${samples} samples: it must be a number from 0.`,
        { index },
      );
    }
    for (const [name, value] of Object.entries(metrics)) {
      if (Number.isFinite(value)) continue;
      throw new AggregationError(
        "ARGUMENT_INVALID",
        `Metric ${quoted(name)} of row ${index} is ${value}: it must be finite.`,
        { index },
      );
    }
  }
  const counted = rows.filter(({ samples }) => samples > 0);
  const total = counted.reduce((sum, { samples }) => sum + samples, 0);
  const names = Object.keys(counted[0]?.metrics ?? {}).filter((name) =>
    counted.every(({ metrics }) => Object.hasOwn(metrics, name)),
  );
  return Object.fromEntries(
    names.map((name) => [
      name,
      counted.reduce((sum, { samples, metrics }) => sum + samples * (metrics[name] ?? 0), 0) / total,
    ]),
  );
}
