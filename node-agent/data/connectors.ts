import type { ConnectorKind } from "./connector.js";
import { csvFiles } from "./csv.js";

/** Every kind of place that this agent can reach. */
export const connectors: readonly ConnectorKind[] = [csvFiles];
