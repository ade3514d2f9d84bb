import type { Tx } from "#hub/store/tx.js";
import type { Live } from "./live.js";
import type { DriverParts } from "./parts.js";

/** One commit of the driver in the making. */
export interface Writing {
  readonly parts: DriverParts;
  readonly tx: Tx;
  readonly live: Live;
  readonly nowMs: number;
  /** How many rounds the call has, where that is known. */
  readonly rounds: number | undefined;
}
