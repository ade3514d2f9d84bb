import type { RowWork } from "../rows/work.js";
import { levelsWork } from "./levels.js";
import { queryWork } from "./query.js";

/** Every work over rows that this agent does. */
export const rowWorks: readonly RowWork[] = [queryWork, levelsWork];
