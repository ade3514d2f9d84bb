import { workflowBody } from "#hub/store/runs.js";
import type { Db } from "#hub/store/schema.js";
import { type Workflow, workflowTitle } from "#hub/workflow/definition/model.js";
import type { Sha256 } from "#kernel/ids.js";
import type { Compile } from "./model.js";
import type { Program } from "./standing.js";

/** Programs that are kept ready. */
const maxPrograms = 200;

/** Compiled programs, each made once; those that were not used for long are made again when they are. */
export class Programs {
  readonly #compile: Compile;
  readonly #db: Db;
  readonly #ready = new Map<Sha256, Program>();

  constructor(db: Db, compile: Compile) {
    this.#db = db;
    this.#compile = compile;
  }

  /** The program of a workflow that is at hand. */
  add(sha256: Sha256, workflow: Workflow): Program {
    const known = this.#ready.get(sha256);
    this.#ready.delete(sha256);
    const program = known ?? { sha256, title: workflowTitle(workflow), interpret: this.#compile(workflow) };
    this.#ready.set(sha256, program);
    if (this.#ready.size > maxPrograms) {
      const [oldest] = this.#ready.keys();
      if (oldest !== undefined) this.#ready.delete(oldest);
    }
    return program;
  }

  /** The program of a stored workflow. */
  async get(sha256: Sha256): Promise<Program> {
    const known = this.#ready.get(sha256);
    if (known !== undefined) return known;
    return this.add(sha256, JSON.parse(await workflowBody(this.#db, sha256)) as Workflow);
  }
}
