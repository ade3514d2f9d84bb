import type { Generated } from "kysely";

/** One call of a federated function, over its whole life. */
export interface CallsTable {
  run_id: string;
  effect: string;
  function: string;
  /** Of the script that plays it. */
  revision: number;
  /** JSON: parsed, with its defaults. */
  argument: string;
  /** JSON Pointer of the task. */
  ref: string;
  /** The call that this one goes on with after a retry by hand; itself else. */
  origin: string;
  draw_base: number;
  created_at_ms: number;
  /** Rounds that have ended; -1 until its beginning is done. */
  position: number;
  /** JSON: the state after `position`; null until its beginning is done. */
  state: string | null;
  status: string;
  /** JSON; null while there is none. */
  output: string | null;
  /** JSON of a CallError; null while there is none. */
  error: string | null;
  /** Grows with each write of its driver. */
  version: number;
  /** The transition of the engine that has taken in its end; null before. */
  ended_seq: number | null;
}

/** One ask of a script. */
export interface StagesTable {
  run_id: string;
  effect: string;
  /** The round of its call, from 1; 0 for what is asked before the first one, and for streams. */
  position: number;
  stage: string;
  /** The number of the round for people; 0 where there is none. */
  round: number;
  kind: string;
  /** JSON: the work as it is sent. */
  work: string;
  /** JSON object of BlobRefs. */
  inputs: string;
  /** The name of the state that the sites keep for it; null for none. */
  site_state: string | null;
  /** JSON of a Rule. */
  rule: string;
  status: string;
  /** JSON array of Unasked: sites that fit no rule, or were not chosen. */
  unasked: string;
  /** Sites that fitted when it opened. */
  population: number;
  opened_at_ms: number;
  closed_at_ms: number | null;
  /** 1 when it has fallen short of its rule. */
  short: number;
  /** Grows with each change of one of its assignments, in that transaction. */
  changes: number;
  /** Assignments that are open. */
  waiting: number;
  /** Of a stream: sites at work at the same time; 0 for a barrier. */
  concurrency: number;
  /** 1: no line for people for each answer. */
  quiet: number;
}

/** What a script has made of answers: written once. */
export interface FoldsTable {
  run_id: string;
  effect: string;
  position: number;
  fold: string;
  /** JSON of a Folded. */
  result: string;
}

/** Which answer of a site counts as its last one: what its state is to be read after. */
export interface SiteStatesTable {
  run_id: string;
  /** The first of the calls that go on with each other. */
  origin: string;
  name: string;
  site: string;
  position: number;
  assignment_id: string;
}

/** Bytes of at most 64 KiB: they lie beside what names them. */
export interface SmallBlobsTable {
  sha256: string;
  bytes: Uint8Array;
}

/** Who needs a blob: it goes when nobody does. */
export interface BlobUsesTable {
  /** `answer/…`, `fold/…`, `call/…`, `model/…`: see `hub/blobs/uses.ts`. */
  holder: string;
  sha256: string;
}

/** A round as people count them. */
export interface RoundsTable {
  run_id: string;
  /** Counted over the whole run. */
  round: number;
  /** The call that the round belongs to. */
  effect: Generated<string>;
  /** Its place among the rounds of its call, from 1. */
  position: number;
  /** Of the script that makes it. */
  revision: number;
  status: string;
  started_at_ms: number;
  ended_at_ms: number | null;
  base_sha256: string | null;
  base_bytes: number | null;
  model_sha256: string | null;
  model_bytes: number | null;
  samples: number;
  /** JSON object of numbers. */
  metrics: string;
  /** Sites whose answers are in it. */
  sites: number;
}

export interface AssignmentsTable {
  assignment_id: string;
  run_id: string;
  effect: string;
  position: number;
  stage: string;
  round: number;
  kind: string;
  site: string;
  state: string;
  attempt: number;
  /** JSON of a SitePart: what the work and its inputs have besides for this site; null for nothing. */
  part: string | null;
  /** Rounds that had ended when it was issued: which model it begins with. */
  issued: number;
  /** The answer that the site's state is read after; null for none. */
  state_from: string | null;
  created_at_ms: number;
  deadline_at_ms: number;
  delivered_at_ms: number | null;
  /** The changes of its stage when it was delivered: the order of arrival. */
  arrival: number;
  op_id: string | null;
  /** Digest of the answer's header: tells a repetition from another answer. */
  answer_sha256: string | null;
  update_sha256: string | null;
  update_bytes: number | null;
  /** JSON; null for none. */
  value: string | null;
  samples: number;
  /** JSON object of numbers. */
  metrics: string;
  /** Sites that stand behind the answer. */
  behind: number;
  data_version: string;
  reason_code: string | null;
  reason: string | null;
}

/** How often a run has asked a site for a kind of work: counted as it asks, for its assignments grow with its rounds. */
export interface AskedSitesTable {
  run_id: string;
  kind: string;
  site: string;
  times: number;
  /** The number of the last round that it was asked in. */
  last_round: number;
}

/** Answers that came after their attempt was over: kept as a fact, never aggregated. */
export interface LateAnswersTable {
  assignment_id: string;
  attempt: number;
  site: string;
  at_ms: number;
  update_sha256: string | null;
  samples: number;
}

export interface BlobsTable {
  sha256: string;
  size_bytes: number;
  created_at_ms: number;
  /** The blob has done its duty: its file may go. */
  released_at_ms: number | null;
}
