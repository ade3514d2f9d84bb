import { ComityError } from "#kernel/errors.js";
import type { AgentHandlers } from "#proto/generated/comity/v1/Agent.js";
import type { ControlHandlers } from "#proto/generated/comity/v1/Control.js";
import type { EnrollmentHandlers } from "#proto/generated/comity/v1/Enrollment.js";
import type { ResultsHandlers } from "#proto/generated/comity/v1/Results.js";
import type { Principal } from "#proto/rpc/principal.js";
import { type Role, roles } from "./roles.js";

/** Who may call a method. `anyone` needs no identity; `agent` is the agent of any site; the rest are roles of operators. */
export type Rule = readonly ("anyone" | "agent" | Role)[];

/** The names of a service's methods, without the index signature of the generated type. */
type MethodsOf<Handlers> = keyof { [Key in keyof Handlers as string extends Key ? never : Key]: true };
type Path<Service extends string, Handlers> = `/comity.v1.${Service}/${MethodsOf<Handlers> & string}`;

type OurMethod =
  | Path<"Agent", AgentHandlers>
  | Path<"Enrollment", EnrollmentHandlers>
  | Path<"Control", ControlHandlers>
  | Path<"Results", ResultsHandlers>;

const anyone: Rule = ["anyone"];
const agent: Rule = ["agent"];
const admin: Rule = ["admin"];
const runners: Rule = ["admin", "coordinator"];
const operators: Rule = roles;
const readers: Rule = [...roles, "agent"];

/** Our own methods: the compiler refuses a method without a row, and a row without a method. */
const ours: Record<OurMethod, Rule> = {
  "/comity.v1.Enrollment/Join": anyone,
  "/comity.v1.Enrollment/Renew": agent,
  "/comity.v1.Enrollment/RenewExpired": anyone,

  "/comity.v1.Agent/Session": agent,
  "/comity.v1.Agent/Download": agent,
  "/comity.v1.Agent/Upload": agent,
  "/comity.v1.Agent/StatBlob": agent,

  "/comity.v1.Control/InviteSite": admin,
  "/comity.v1.Control/ListSites": operators,
  "/comity.v1.Control/GetSite": operators,
  "/comity.v1.Control/RevokeSite": admin,
  "/comity.v1.Control/StartRun": runners,
  "/comity.v1.Control/ListRuns": operators,
  "/comity.v1.Control/GetRun": operators,
  "/comity.v1.Control/WatchRun": operators,
  "/comity.v1.Control/CancelRun": runners,
  "/comity.v1.Control/PauseRun": runners,
  "/comity.v1.Control/ResumeRun": runners,
  "/comity.v1.Control/RetryRun": runners,
  "/comity.v1.Control/VerifyRun": operators,
  "/comity.v1.Control/ExplainRun": operators,
  "/comity.v1.Control/DryRun": runners,
  "/comity.v1.Control/PublishWorkflow": runners,
  "/comity.v1.Control/ListWorkflows": operators,
  "/comity.v1.Control/GetWorkflow": operators,
  "/comity.v1.Control/PublishEvent": runners,
  "/comity.v1.Control/AddOperator": admin,
  "/comity.v1.Control/ListOperators": ["admin", "auditor"],
  "/comity.v1.Control/RemoveOperator": admin,
  "/comity.v1.Control/GetHub": operators,

  "/comity.v1.Results/ListResults": readers,
  "/comity.v1.Results/GetResult": readers,
  "/comity.v1.Results/WatchResult": readers,
  "/comity.v1.Results/ListModels": readers,
  "/comity.v1.Results/GetModel": readers,
  "/comity.v1.Results/DownloadModel": readers,
};

/** Methods of gRPC itself, so that its usual tools work. */
const foreign: Record<string, Rule> = {
  "/grpc.health.v1.Health/Check": anyone,
  "/grpc.health.v1.Health/Watch": anyone,
  "/grpc.health.v1.Health/List": anyone,
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": anyone,
  "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": anyone,
};

/** The one table: every method of every service, and who may call it. */
export const table: ReadonlyMap<string, Rule> = new Map(Object.entries({ ...ours, ...foreign }));

/** Whether a caller may call a method; nobody may call one without a row. */
export function mayCall(method: string, caller: Principal): boolean {
  const rule = table.get(method) ?? [];
  return rule.includes("anyone") || rule.includes(caller.kind === "operator" ? caller.role : caller.kind);
}

/**
 * Compares the table with the methods that the hub's listeners serve, and throws `INTERNAL` with what is missing on
 * either side: a hub must not start with a method that nobody has thought about.
 */
export function checkTable(methods: readonly string[]): void {
  const served = new Set(methods);
  const without = [...served].filter((method) => !table.has(method)).sort();
  const stale = [...table.keys()].filter((method) => !served.has(method)).sort();
  const faults = [
    ...(without.length > 0 ? [`methods without a row: ${without.join(", ")}`] : []),
    ...(stale.length > 0 ? [`rows without a method: ${stale.join(", ")}`] : []),
  ];
  if (faults.length === 0) return;
  throw new ComityError(
    "INTERNAL",
    `The table of who may call what does not fit the services: ${faults.join("; ")}.`,
  );
}
