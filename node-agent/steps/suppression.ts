import type { QueryLayout, Statistic } from "#proto/work/query.js";

/**
 * Takes out of an answer what fewer than `minCell` rows stand behind: its numbers become 0, and its `suppressed` 1.
 * - All of it, where the rows that fit the filter are so few: which cells are empty would tell where they are.
 * - A cell of so few rows, and the rows that are in no cell.
 * - A statistic of a cell, where so few of its rows have a value.
 * - A bin; and as many of the smallest others as it takes, so that what is missing cannot be told from the number of all.
 */
export function suppress(
  numbers: number[],
  layout: QueryLayout,
  statistics: readonly Statistic[],
  minCell: number,
): void {
  const { cells, stride, outside } = layout;
  const isFew = (count: number): boolean => count > 0 && count < minCell;
  const rowsIn = (cell: number): number => numbers[cell * stride] ?? 0;
  let all = numbers[outside] ?? 0;
  for (let cell = 0; cell < cells; cell++) all += rowsIn(cell);
  const hide = (from: number, width: number): void => {
    numbers.fill(0, from, from + width);
  };
  const hideStatistic = (base: number, index: number): void => {
    const place = layout.statistics[index];
    if (place === undefined) return;
    const { valid, suppressed, numbers: from, width } = place;
    hide(base + valid, 1);
    numbers[base + suppressed] = 1;
    hide(base + from, width);
    if (statistics[index]?.what === "bins") numbers.fill(1, base + from + width, base + from + 2 * width);
  };
  for (let cell = 0; cell < cells; cell++) {
    const base = cell * stride;
    const isHidden = isFew(all) || isFew(rowsIn(cell));
    if (isHidden) {
      hide(base, 1);
      numbers[base + 1] = 1;
    }
    for (const [index, { valid, numbers: from, width }] of layout.statistics.entries()) {
      if (isHidden || isFew(numbers[base + valid] ?? 0)) hideStatistic(base, index);
      else if (statistics[index]?.what === "bins") hideBins(numbers, base + from, width, minCell);
    }
  }
  if (!isFew(all) && !isFew(numbers[outside] ?? 0)) return;
  hide(outside, 1);
  numbers[outside + 1] = 1;
}

/** Hides bins, the smallest first, until none that is shown has too few rows, and those that are hidden have enough together and are two. */
function hideBins(numbers: number[], from: number, width: number, minCell: number): void {
  const filled = Array.from({ length: width }, (_, bin) => bin)
    .filter((bin) => (numbers[from + bin] ?? 0) > 0)
    .toSorted((a, b) => (numbers[from + a] ?? 0) - (numbers[from + b] ?? 0) || a - b);
  let [hidden, rows] = [0, 0];
  for (const bin of filled) {
    const count = numbers[from + bin] ?? 0;
    const isEnough = hidden === 0 || (hidden > 1 && rows >= minCell);
    if (count >= minCell && isEnough) return;
    hidden++;
    rows += count;
    numbers[from + bin] = 0;
    numbers[from + width + bin] = 1;
  }
}
