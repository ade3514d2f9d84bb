import type { Generated, Kysely, Transaction } from "kysely";
import type {
  EffectsTable,
  InboxTable,
  IncomingEventsTable,
  LimitHoldersTable,
  ListenersTable,
  OwnersTable,
  ReceivedEventsTable,
  ScheduleEventsTable,
  SchedulesTable,
  SnapshotsTable,
  TimersTable,
  TransitionsTable,
} from "./schema-engine.js";
import type {
  AskedSitesTable,
  AssignmentsTable,
  BlobsTable,
  BlobUsesTable,
  CallsTable,
  FoldsTable,
  LateAnswersTable,
  RoundsTable,
  SiteStatesTable,
  SmallBlobsTable,
  StagesTable,
} from "./schema-federated.js";

/**
 * The hub's rows. Times are integer milliseconds since 1970, digests are lower-case hexadecimal, bodies are JSON text:
 * types that SQLite and PostgreSQL hold alike.
 */
export interface Schema {
  store: StoreTable;
  sites: SitesTable;
  datasets: DatasetsTable;
  invitations: InvitationsTable;
  certificates: CertificatesTable;
  operators: OperatorsTable;
  operations: OperationsTable;
  workflows: WorkflowsTable;
  workflow_versions: WorkflowVersionsTable;
  runs: RunsTable;
  snapshots: SnapshotsTable;
  transitions: TransitionsTable;
  owners: OwnersTable;
  inbox: InboxTable;
  effects: EffectsTable;
  timers: TimersTable;
  listeners: ListenersTable;
  received_events: ReceivedEventsTable;
  schedules: SchedulesTable;
  schedule_events: ScheduleEventsTable;
  incoming_events: IncomingEventsTable;
  limit_holders: LimitHoldersTable;
  tasks: TasksTable;
  run_events: RunEventsTable;
  calls: CallsTable;
  stages: StagesTable;
  folds: FoldsTable;
  site_states: SiteStatesTable;
  rounds: RoundsTable;
  assignments: AssignmentsTable;
  asked_sites: AskedSitesTable;
  late_answers: LateAnswersTable;
  blobs: BlobsTable;
  small_blobs: SmallBlobsTable;
  blob_uses: BlobUsesTable;
  model_versions: ModelVersionsTable;
}

/** The database, or a transaction on it: repositories take either. */
export type Db = Kysely<Schema> | Transaction<Schema>;

/** One row: which store this is, and who writes to it. */
export interface StoreTable {
  store_id: string;
  /** Of the hub that has taken the rows last; each start has its own. */
  seat: string;
  /** Grows with each transaction of that hub. */
  mark: number;
  marked_at_ms: number;
}

interface SitesTable {
  site: string;
  organisation: string;
  /** JSON object of strings. */
  labels: string;
  created_at_ms: number;
  agent_version: string | null;
  /** JSON array of strings. */
  capabilities: string;
  last_seen_ms: number | null;
  revoked_at_ms: number | null;
  revoked_reason: string | null;
}

/** What a site says it has; replaced as a whole by each catalogue. */
interface DatasetsTable {
  site: string;
  name: string;
  /** JSON: columns, labels, rounded row counts, target, connector. */
  body: string;
}

/** One join token. */
export interface InvitationsTable {
  jti: string;
  site: string;
  invited_by: string;
  created_at_ms: number;
  expires_at_ms: number;
  /** The one key that has used the token; null while nobody has. */
  spki_sha256: string | null;
  /** The certificate that key got. */
  serial: string | null;
  consumed_at_ms: number | null;
}

export interface CertificatesTable {
  serial: string;
  site: string;
  spki_sha256: string;
  /** PEM, leaf first. */
  chain: string;
  not_before_ms: number;
  not_after_ms: number;
  revoked_at_ms: number | null;
}

export interface OperatorsTable {
  name: string;
  role: string;
  /** The id of the one token that counts. */
  jti: string;
  created_at_ms: number;
  expires_at_ms: number;
  removed_at_ms: number | null;
}

/** Answers to calls that changed something, by `op_id`. */
interface OperationsTable {
  op_id: string;
  actor: string;
  method: string;
  content_sha256: string;
  /** JSON. */
  reply: string;
  at_ms: number;
}

interface WorkflowsTable {
  sha256: string;
  /** Canonical JSON. */
  body: string;
  created_at_ms: number;
}

/** A workflow version as it was published under its name; never changed. */
export interface WorkflowVersionsTable {
  namespace: string;
  name: string;
  version: string;
  sha256: string;
  /** The text as its author wrote it. */
  source: string;
  published_by: string;
  published_at_ms: number;
}

export interface RunsTable {
  run_id: string;
  name: string;
  workflow_sha256: string;
  state: string;
  started_by: string;
  started_at_ms: number;
  ended_at_ms: number | null;
  error_code: string | null;
  error_text: string | null;
  /** The number of the newest event. */
  event_seq: Generated<number>;
  /** The caller's own name for the start, or the occasion of it: there is one run of each. */
  start_key: string | null;
  /** What the key stands for: the digests of the workflow and the input that it came with. Null where nothing is compared. */
  start_workflow_sha256: string | null;
  start_input_sha256: string | null;
  /** `namespace/name:version` of the workflow. */
  workflow: Generated<string>;
  /** What the run was started with, packed; null for a run of an older hub. */
  input: string | null;
  /** Packed; null while there is none. */
  output: string | null;
  /** JSON of a WorkflowError; null while there is none. */
  error: string | null;
  /** The run and the effect that this run was started by, `run/effect`; null when an operator, a schedule or an event did. */
  parent: string | null;
}

/** One row for each task of the definition that a run has come to. */
export interface TasksTable {
  run_id: string;
  ref: string;
  name: string;
  /** The keyword, for example `call`. */
  kind: string;
  /** Empty for what is no call. */
  call: string;
  state: string;
  /** Attempts of the last pass. */
  attempts: number;
  /** How often the run has come to it. */
  passes: number;
  /** JSON of the last pass; null while there is none. */
  input: string | null;
  context: string | null;
  output: string | null;
  error: string | null;
  started_at_ms: number;
  ended_at_ms: number | null;
}

interface RunEventsTable {
  run_id: string;
  seq: number;
  at_ms: number;
  type: string;
  round: number;
  site: string;
  text: string;
  /** JSON. */
  data: string;
}

export interface ModelVersionsTable {
  model: string;
  version: number;
  sha256: string;
  size_bytes: number;
  run_id: string;
  round: number;
  /** 0 for none. */
  parent: number;
  created_at_ms: number;
  /** JSON object of numbers. */
  metrics: string;
  /** Keras JSON. */
  layers: string;
  sites: number;
}
