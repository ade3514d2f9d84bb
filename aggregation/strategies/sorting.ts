/** With so many values an insertion sort is slower than the host's. */
const fewValues = 32;

/** Calls back for each place of the tile with the values that the answers have there, sorted; the column must not be kept. */
export function eachSorted(
  updates: readonly Float64Array[],
  length: number,
  use: (column: Float64Array, place: number) => void,
): void {
  const column = new Float64Array(updates.length);
  for (let place = 0; place < length; place++) {
    for (let k = 0; k < updates.length; k++) column[k] = updates[k]?.[place] ?? 0;
    if (column.length > fewValues) column.sort();
    else insertionSort(column);
    use(column, place);
  }
}

function insertionSort(column: Float64Array): void {
  for (let end = 1; end < column.length; end++) {
    const value = column[end] ?? 0;
    let at = end;
    for (; at > 0 && (column[at - 1] ?? 0) > value; at--) column[at] = column[at - 1] ?? 0;
    column[at] = value;
  }
}
