import { once } from "#hub/store/operations.js";
import { saveWorkflow, workflowBody } from "#hub/store/runs.js";
import type { Store } from "#hub/store/store.js";
import { insertWorkflowVersion, type WorkflowVersionRow, workflowVersions } from "#hub/store/workflows.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { OpId, Sha256 } from "#kernel/ids.js";
import { processTurns } from "#kernel/turns.js";
import { didYouMean, listWords } from "#kernel/words.js";
import { diffWorkflows, type WorkflowChange } from "./definition/diff.js";
import type { Definition } from "./definition/lint.js";
import type { Workflow } from "./definition/model.js";
import { planSchedule } from "./planning.js";
import { compareVersions } from "./versions.js";

/** A workflow as it was published; it never changes. */
export interface WorkflowVersion {
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly sha256: Sha256;
  readonly publishedBy: string;
  readonly publishedAtMs: number;
}

/** A version as lists show it. */
export interface ListedVersion extends WorkflowVersion {
  /** For people; empty when the workflow has none. */
  readonly title: string;
}

/** A version with its content. */
interface PublishedWorkflow extends WorkflowVersion {
  readonly workflow: Workflow;
  /** As its author wrote it. */
  readonly source: string;
}

interface Parts {
  readonly store: Store;
  /** Checks a text in full; throws `WORKFLOW_INVALID`. */
  readonly parse: (text: string) => Promise<Definition>;
  readonly clock: Clock;
}

/** The workflows that were published: each version for ever the same. */
export class Library {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Makes a version known. The same content again gives the same answer; other content under a version that is there is refused
   * with `WORKFLOW_EXISTS`. Throws `WORKFLOW_INVALID`.
   */
  async publish(request: { opId?: OpId; text: string; publishedBy: string }): Promise<ListedVersion> {
    const { store, parse, clock } = this.#parts;
    const { workflow, json, sha256 } = await parse(request.text);
    const { namespace, name, version, title = "" } = workflow.document;
    const nowMs = clock.nowMs();
    const row: WorkflowVersionRow = {
      namespace,
      name,
      version,
      sha256,
      source: request.text,
      published_by: request.publishedBy,
      published_at_ms: nowMs,
    };
    const operation = {
      opId: request.opId,
      actor: request.publishedBy,
      method: "PublishWorkflow",
      content: { sha256 },
    };
    return once(store, operation, nowMs, async (tx) => {
      const versions = await workflowVersions(tx.db, { namespace, name });
      const known = versions.find((one) => one.version === version);
      if (known?.sha256 === sha256) return { ...toVersion(known), title };
      if (known !== undefined) throw exists(row, known);
      await saveWorkflow(tx.db, sha256 as Sha256, json, nowMs);
      await insertWorkflowVersion(tx.db, row);
      if (newestOf([...versions, row]) === row) {
        const { schedule } = workflow;
        await planSchedule(tx, store.notifier, { namespace, name, sha256, schedule }, nowMs);
      }
      return { ...toVersion(row), title };
    });
  }

  /**
   * The newest version of each workflow, by their names; or every version of one that is named `[namespace/]name`, from the oldest.
   * Throws `WORKFLOW_NOT_FOUND` for a name that nothing has, `ARGUMENT_INVALID` for one of several namespaces.
   */
  async list(title = ""): Promise<ListedVersion[]> {
    const rows =
      title === "" ? newestOfEach(await workflowVersions(this.#parts.store.db)) : await this.#named(title);
    const listed: ListedVersion[] = [];
    for (const row of rows) {
      const { document } = await this.#workflow(row);
      listed.push({ ...toVersion(row), title: document.title ?? "" });
    }
    return listed;
  }

  /**
   * The version that is named `[namespace/]name[:version]`. Without a namespace it is that of `default`, or else of the one namespace
   * that has such a name; without a version the newest. Throws `WORKFLOW_NOT_FOUND`, `ARGUMENT_INVALID`.
   */
  async get(title: string): Promise<PublishedWorkflow> {
    const rows = await this.#named(title);
    const { version } = parseTitle(title);
    const row = version === undefined ? newestOf(rows) : rows.find((one) => one.version === version);
    if (row === undefined) {
      throw new ComityError("WORKFLOW_NOT_FOUND", `There is no version ${title}.`, {
        hint: `There ${rows.length === 1 ? "is" : "are"} ${listWords(rows.map((one) => one.version))}.`,
      });
    }
    return { ...toVersion(row), workflow: await this.#workflow(row), source: row.source };
  }

  /** How one version differs from another. */
  async diff(before: string, after: string): Promise<readonly WorkflowChange[]> {
    const [one, other] = [await this.get(before), await this.get(after)];
    return diffWorkflows(one.workflow, other.workflow);
  }

  async #workflow(row: WorkflowVersionRow): Promise<Workflow> {
    // A definition of 1 MiB takes some milliseconds to read, and a list may read hundreds.
    await processTurns.next();
    return JSON.parse(await workflowBody(this.#parts.store.db, row.sha256 as Sha256)) as Workflow;
  }

  /** The versions of the workflow that is meant, from the oldest: at least one. */
  async #named(title: string): Promise<readonly WorkflowVersionRow[]> {
    const { db } = this.#parts.store;
    const { namespace, name } = parseTitle(title);
    const rows = await workflowVersions(db, { namespace: namespace ?? "default", name });
    if (rows.length > 0) return byVersion(rows);
    const all = await workflowVersions(db);
    const others = namespace === undefined ? all.filter((row) => row.name === name) : [];
    const names = [...new Set(others.map(nameOf))];
    if (names.length === 1) return byVersion(others);
    if (names.length > 1) {
      throw new ComityError("ARGUMENT_INVALID", `There is more than one workflow ${name}.`, {
        hint: `Say which: ${listWords(names)}.`,
      });
    }
    throw notFound(title, all);
  }
}

const nameOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`;

function notFound(title: string, all: readonly WorkflowVersionRow[]): ComityError {
  const { namespace, name } = parseTitle(title);
  const known = [...new Set(all.map(namespace === undefined ? (row) => row.name : nameOf))];
  const guess = didYouMean(namespace === undefined ? name : nameOf({ namespace, name }), known);
  return new ComityError("WORKFLOW_NOT_FOUND", `There is no workflow ${title}${guess || "."}`, {
    hint: "`comity workflow list` shows the workflows; `comity workflow publish` adds one.",
  });
}

/** The version that counts of each workflow, by their names. */
function newestOfEach(rows: readonly WorkflowVersionRow[]): readonly WorkflowVersionRow[] {
  const names = [...new Set(rows.map(nameOf))].toSorted((a, b) => a.localeCompare(b, "en"));
  return names.flatMap((name) => newestOf(rows.filter((row) => nameOf(row) === name)) ?? []);
}

const byVersion = (rows: readonly WorkflowVersionRow[]): readonly WorkflowVersionRow[] =>
  rows.toSorted((a, b) => compareVersions(a.version, b.version));

/** The version that counts where none is named: one that is only on trial is taken by its full name alone, unless there is no other. */
function newestOf(rows: readonly WorkflowVersionRow[]): WorkflowVersionRow | undefined {
  const sorted = byVersion(rows);
  return sorted.findLast((one) => !one.version.includes("-")) ?? sorted.at(-1);
}

function parseTitle(title: string): {
  namespace: string | undefined;
  name: string;
  version: string | undefined;
} {
  const parts = /^(?:(?<namespace>[^/:]+)\/)?(?<name>[^/:]+)(?::(?<version>[^/:]+))?$/.exec(title)?.groups;
  return {
    namespace: parts?.["namespace"],
    name: parts?.["name"] ?? title,
    version: parts?.["version"],
  };
}

const toVersion = (row: WorkflowVersionRow): WorkflowVersion => ({
  namespace: row.namespace,
  name: row.name,
  version: row.version,
  sha256: row.sha256 as Sha256,
  publishedBy: row.published_by,
  publishedAtMs: row.published_at_ms,
});

function exists(row: WorkflowVersionRow, known: WorkflowVersionRow): ComityError {
  const title = `${row.namespace}/${row.name}:${row.version}`;
  return new ComityError(
    "WORKFLOW_EXISTS",
    `${title} is published already, with other content (${known.sha256.slice(0, 12)}…, not ${row.sha256.slice(0, 12)}…).`,
    { hint: "A version never changes: publish this under the next number." },
  );
}
