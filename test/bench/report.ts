import { renderTable } from "#cli/render/table.js";
import type { Figure, Measured } from "./figure.js";

/** A figure that was measured. */
export interface Row extends Measured {
  readonly figure: Figure;
  readonly ok: boolean;
}

const reach = ({ sense, reach, unit }: Figure): string =>
  `${sense === "at most" ? "<=" : ">="} ${reach} ${unit}`;

/** For programs: one array. */
export function asJson(rows: readonly Row[]): string {
  const list = rows.map(({ figure, value, detail, ok }) => ({
    id: figure.id,
    what: `${figure.what}; ${detail}`,
    value: Number.isNaN(value) ? null : Number(value.toPrecision(4)),
    unit: figure.unit,
    reach: figure.reach,
    ok,
  }));
  return JSON.stringify(list, undefined, 2);
}

/** For people. */
export function asTable(rows: readonly Row[]): string {
  return renderTable(
    [
      { title: "ID", value: ({ figure }) => figure.id },
      { title: "WHAT", value: ({ figure }) => figure.what },
      { title: "VALUE", value: ({ value, figure }) => `${shown(value)} ${figure.unit}`, right: true },
      { title: "REACH", value: ({ figure }) => reach(figure), right: true },
      { title: "OK", value: ({ ok }) => (ok ? "yes" : "NO") },
      { title: "FOR COMPARISON", value: ({ figure }) => figure.comparison },
    ],
    rows,
  );
}

/** A figure with three digits that mean something. */
export function shown(value: number): string {
  return Number.isNaN(value) ? "-" : value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
