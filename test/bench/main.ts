import { loadavg } from "node:os";
import { ComityError } from "#kernel/errors.js";
import { Bench } from "./bench.js";
import { type Figure, type Measured, reaches } from "./figure.js";
import { figures } from "./figures.js";
import { asJson, asTable, type Row, shown } from "./report.js";

/*
 * `npm run bench [-- [--json] [ID…]]`: the figures that Comity promises, measured on this machine. Exit 0 when all are reached,
 * 1 when one is missed or could not be measured, 2 for wrong use, 130 after Ctrl-C.
 */

const usage = `npm run bench [-- [--json] [FIGURE…]]

Measures what Comity promises, on this machine: all figures, or those that are named.
${figures.map(({ id }) => `  ${id}`).join("\n")}`;

const words = process.argv.slice(2);
const json = words.includes("--json");
const wanted = words.filter((word) => word !== "--json");
const unknown = wanted.filter((word) => !figures.some(({ id }) => id === word));

if (words.includes("--help")) process.stdout.write(`${usage}\n`);
else if (unknown.length > 0) {
  process.stderr.write(`There is no figure ${unknown.join(", ")}.\n${usage}\n`);
  process.exitCode = 2;
} else {
  const rows = await measureAll(figures.filter(({ id }) => wanted.length === 0 || wanted.includes(id)));
  process.stdout.write(`${json ? asJson(rows) : asTable(rows)}\n`);
  process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1;
}

/** One after the other, each in processes of its own; one that fails does not stop the next. */
async function measureAll(chosen: readonly Figure[]): Promise<Row[]> {
  const bench = await Bench.open();
  const interrupt = (): void => process.exit(130);
  const leave = (): void => bench.closeNow();
  process.on("exit", leave);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, interrupt);
  try {
    const rows: Row[] = [];
    for (const figure of chosen) {
      bench.note(`${figure.id} (load ${loadavg()[0]?.toFixed(1) ?? "?"})`);
      const measured = await figure.measure(bench).catch(failed);
      const row = {
        figure,
        ...measured,
        ok: measured.missed === undefined && reaches(figure, measured.value),
      };
      bench.note(`  ${shown(row.value)} ${figure.unit}: ${row.detail}`);
      if (row.missed !== undefined) bench.note(`  ${row.missed}`);
      rows.push(row);
    }
    return rows;
  } finally {
    await bench.close();
    process.off("exit", leave);
  }
}

function failed(thrown: unknown): Measured {
  const { message } = ComityError.from(thrown);
  return { value: Number.NaN, detail: `not measured: ${message}` };
}
