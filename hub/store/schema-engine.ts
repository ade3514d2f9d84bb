import type { Generated } from "kysely";

/** Where the engine stands with a run. */
export interface SnapshotsTable {
  run_id: string;
  /** The number of the last transition in it. */
  seq: number;
  /** The program: the digest of the definition that counts now. */
  workflow_sha256: string;
  /** JSON of the interpreter's state. */
  state: string;
  /** The journal's format that it was made by: see `JournalFormat`. */
  format: Generated<number>;
  /** The state that the kept transitions start from; its number is 0 and its text empty while the journal is whole. */
  base_seq: number;
  base_state: string;
  base_workflow_sha256: string;
  base_format: Generated<number>;
  /** 1 while the run is not over. */
  live: number;
  /** 1 when the run is to go on by itself, with `run.continued`. */
  continues: number;
  /** The hub process that works on the run; empty for nobody. */
  owner: string;
  /** Grows with each owner; a writer with an older one is refused. */
  fence: number;
}

/** The hub processes that are alive: the runs of one whose lease is over may be taken. */
export interface OwnersTable {
  owner: string;
  lease_until_ms: number;
}

/** What has happened to a run that its owner has not journalled yet. */
export interface InboxTable {
  run_id: string;
  /** Grows with time. */
  item_id: string;
  /** JSON of a JournalEvent without its time. */
  event: string;
}

/** The journal of the engine: what happened to a run, in order. */
export interface TransitionsTable {
  run_id: string;
  seq: number;
  at_ms: number;
  /** JSON of a JournalEvent. */
  event: string;
  /** Digest of the state after it. */
  state_sha256: string;
  /** The format by which it was made. */
  format: Generated<number>;
}

/** Calls that are under way, and events that are to be published: what the engine does again after a crash. */
export interface EffectsTable {
  run_id: string;
  effect: string;
  call: string;
  /** JSON. */
  argument: string;
  ref: string;
  created_at_ms: number;
  /** The call is cancelled, and what it has begun is being undone; null while it is wanted. */
  cancel_reason: string | null;
  /** The number of the transition that has made the call; 0 for one that an older hub has made. */
  made_seq: Generated<number>;
  /** The call that it goes on from; null for none. */
  resumes: string | null;
}

export interface TimersTable {
  run_id: string;
  timer: string;
  due_at_ms: number;
}

/** One row for each type of event that a listener's filters name. */
export interface ListenersTable {
  run_id: string;
  listener: string;
  /** Empty for a filter that takes events of any type. */
  event_type: string;
  /** JSON array of EventFilter. */
  filters: string;
}

/** Which events have been handed to which listener: each once. */
export interface ReceivedEventsTable {
  run_id: string;
  listener: string;
  source: string;
  event_id: string;
}

/** When a published workflow is to start next. */
export interface SchedulesTable {
  namespace: string;
  name: string;
  /** The newest version's digest. */
  workflow_sha256: string;
  /** Null when only events start it. */
  due_at_ms: number | null;
  /** JSON: the schedule of the definition. */
  schedule: string;
  /** Since when it counts: what `every` is counted from. */
  since_ms: number;
  /** The run that it started last; null while there is none. */
  run_id: string | null;
}

/** Which events a schedule has taken: each once. They wait here until all that a run needs have come. */
export interface ScheduleEventsTable {
  namespace: string;
  name: string;
  source: string;
  event_id: string;
  /** Grows in the order of their coming. */
  position: number;
  /** JSON: what the event's correlations gave; those of one run have the same. */
  group_key: string;
  /** JSON array: the places of the filters that the event fits. */
  places: string;
  /** JSON of the event; empty once a run has it. */
  body: string;
  /** The run that has it; null while it waits. */
  run_id: string | null;
}

/** Events from outside, by what makes one the same: each is handed on once. */
export interface IncomingEventsTable {
  source: string;
  event_id: string;
  at_ms: number;
  /** JSON of the event; empty once it was handed on. */
  body: string;
  /** JSON: who has taken it; null while it is being handed on. */
  answer: string | null;
}

/** Who holds a place under a limit. */
export interface LimitHoldersTable {
  /** For example `site:acme/berlin` or `workflow:default/nightly`. */
  limit_key: string;
  /** `run` or `run/effect`. */
  holder: string;
  since_ms: number;
}
