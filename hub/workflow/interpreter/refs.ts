/** Keys that lead to a list of tasks together with the key after them, as in `/fork/branches`. */
const paired = new Set(["fork", "catch", "foreach"]);

/**
 * The pointer of a task without the places in lists: `/do/0/attempt/try/2/fetch` becomes `/do/attempt/try/fetch`. Names within a
 * list are unique, so it tells tasks apart, and it stays the same when a task is put before another one.
 */
export function namePath(ref: string): string {
  const parts = ref.split("/").slice(1);
  const path: string[] = [];
  let next = 0;
  const keep = (count: number): void => {
    path.push(...parts.slice(next, next + count));
    next += count;
  };
  while (next < parts.length) {
    const key = parts[next] ?? "";
    if (key === "use" && parts[next + 1] === "functions") keep(3);
    else {
      keep(paired.has(key) || key === "use" ? 2 : 1);
      next += 1;
      keep(1);
    }
  }
  return path.map((part) => `/${part}`).join("");
}
