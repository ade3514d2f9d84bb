import type { RowWork } from "../rows/work.js";

/** Every work over rows that this agent does. */
export const rowWorks: readonly RowWork[] = [];
