import {
  type Linted,
  type LintPorts,
  lintDefinition,
  parseDefinition,
} from "#hub/workflow/definition/lint.js";
import { readText } from "./text-file.js";

/** Works with what the linter needs: jq for the expressions, and the functions of this version of Comity. */
export async function withLintPorts<T>(work: (ports: LintPorts) => Promise<T>): Promise<T> {
  const [{ JqExpressions }, { declaredFunctions }] = await Promise.all([
    import("#hub/workflow/expression/service.js"),
    import("#hub/federated/functions/index.js"),
  ]);
  const expressions = new JqExpressions();
  try {
    const find = (name: string) => declaredFunctions.find((declared) => declared.name === name);
    return await work({ expressions, functions: { names: declaredFunctions.map(({ name }) => name), find } });
  } finally {
    await expressions.close();
  }
}

/** The text of a workflow file that is sent to a hub, checked: faults are told with the file's name. Throws `WORKFLOW_INVALID`. */
export async function readDefinition(file: string): Promise<string> {
  const source = await readText(file, "WORKFLOW_INVALID");
  await withLintPorts((ports) => parseDefinition(source, ports, file));
  return source;
}

/** All that can be said of a workflow file before it runs. */
export async function lintFile(file: string, ports: LintPorts): Promise<Linted> {
  return lintDefinition(await readText(file, "WORKFLOW_INVALID"), ports);
}
