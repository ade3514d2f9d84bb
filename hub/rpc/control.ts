import type { Operators } from "#hub/access/operators.js";
import type { Results } from "#hub/results/service.js";
import type { Enrolment } from "#hub/sites/enrolment.js";
import type { Sites } from "#hub/sites/service.js";
import { openAssignments } from "#hub/store/assignments.js";
import { once, type Operation } from "#hub/store/operations.js";
import type { Store } from "#hub/store/store.js";
import type { Engine } from "#hub/workflow/engine.js";
import type { RunJournal } from "#hub/workflow/journal.js";
import type { Clock } from "#kernel/clock.js";
import { parseOpId, parseRunId, parseSiteId } from "#kernel/ids.js";
import { printable } from "#kernel/words.js";
import type { ControlHandlers } from "#proto/generated/comity/v1/Control.js";
import type { Hub } from "#proto/generated/comity/v1/Hub.js";
import type { CallInfo } from "#proto/rpc/call.js";
import type { Implementation } from "#proto/rpc/handlers.js";
import { requireOperator } from "#proto/rpc/principal.js";
import { decodeLabels } from "./decode.js";
import { encodeEvent, encodeRun, encodeRunView, encodeSite } from "./encode.js";
import { listLimit } from "./results.js";

interface Parts {
  readonly store: Store;
  readonly sites: Sites;
  readonly enrolment: Enrolment;
  readonly operators: Operators;
  readonly engine: Engine;
  readonly results: Results;
  readonly journal: RunJournal;
  readonly clock: Clock;
  describeHub(): Hub;
}
