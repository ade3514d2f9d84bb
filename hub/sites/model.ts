import type { SiteId } from "#kernel/ids.js";

/** One dataset as its site describes it: never a row. */
export interface Dataset {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly labels: Readonly<Record<string, string>>;
  /** Rounded down to two significant digits. */
  readonly trainRows: number;
  /** Rounded down to two significant digits. */
  readonly testRows: number;
  readonly target: string;
  readonly connector: string;
}

/** One place of an organisation's data, as the hub knows it. */
export interface Site {
  readonly id: SiteId;
  readonly organisation: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly datasets: readonly Dataset[];
  readonly agentVersion: string | undefined;
  readonly capabilities: readonly string[];
  readonly lastSeenMs: number | undefined;
  readonly revokedAtMs: number | undefined;
  readonly revokedReason: string | undefined;
  /** The end of its newest certificate; undefined while it has only been invited. */
  readonly certificateExpiresAtMs: number | undefined;
}
