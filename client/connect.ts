import { newOpId } from "#kernel/ids.js";
import type { AddOperatorReply__Output } from "#proto/generated/comity/v1/AddOperatorReply.js";
import type { AddOperatorRequest } from "#proto/generated/comity/v1/AddOperatorRequest.js";
import type { CancelRunRequest } from "#proto/generated/comity/v1/CancelRunRequest.js";
import type { Chunk__Output } from "#proto/generated/comity/v1/Chunk.js";
import type { DownloadModelRequest } from "#proto/generated/comity/v1/DownloadModelRequest.js";
import type { DryRunReply__Output } from "#proto/generated/comity/v1/DryRunReply.js";
import type { DryRunRequest } from "#proto/generated/comity/v1/DryRunRequest.js";
import type { ExplainRunReply__Output } from "#proto/generated/comity/v1/ExplainRunReply.js";
import type { Hub__Output } from "#proto/generated/comity/v1/Hub.js";
import type { InviteSiteReply__Output } from "#proto/generated/comity/v1/InviteSiteReply.js";
import type { InviteSiteRequest } from "#proto/generated/comity/v1/InviteSiteRequest.js";
import type { ListModelsReply__Output } from "#proto/generated/comity/v1/ListModelsReply.js";
import type { ListOperatorsReply__Output } from "#proto/generated/comity/v1/ListOperatorsReply.js";
import type { ListResultsReply__Output } from "#proto/generated/comity/v1/ListResultsReply.js";
import type { ListRunsReply__Output } from "#proto/generated/comity/v1/ListRunsReply.js";
import type { ListSitesReply__Output } from "#proto/generated/comity/v1/ListSitesReply.js";
import type { ListWorkflowsReply__Output } from "#proto/generated/comity/v1/ListWorkflowsReply.js";
import type { Model__Output } from "#proto/generated/comity/v1/Model.js";
import type { Operator__Output } from "#proto/generated/comity/v1/Operator.js";
import type { PauseRunRequest } from "#proto/generated/comity/v1/PauseRunRequest.js";
import type { PublishEventReply__Output } from "#proto/generated/comity/v1/PublishEventReply.js";
import type { PublishEventRequest } from "#proto/generated/comity/v1/PublishEventRequest.js";
import type { PublishWorkflowRequest } from "#proto/generated/comity/v1/PublishWorkflowRequest.js";
import type { RemoveOperatorRequest } from "#proto/generated/comity/v1/RemoveOperatorRequest.js";
import type { Result__Output } from "#proto/generated/comity/v1/Result.js";
import type { ResumeRunRequest } from "#proto/generated/comity/v1/ResumeRunRequest.js";
import type { RetryRunRequest } from "#proto/generated/comity/v1/RetryRunRequest.js";
import type { RevokeSiteRequest } from "#proto/generated/comity/v1/RevokeSiteRequest.js";
import type { Run__Output } from "#proto/generated/comity/v1/Run.js";
import type { RunEvent__Output } from "#proto/generated/comity/v1/RunEvent.js";
import type { Site__Output } from "#proto/generated/comity/v1/Site.js";
import type { StartRunRequest } from "#proto/generated/comity/v1/StartRunRequest.js";
import type { VerifyRunReply__Output } from "#proto/generated/comity/v1/VerifyRunReply.js";
import type { WorkflowVersion__Output } from "#proto/generated/comity/v1/WorkflowVersion.js";
import { parseAddress } from "#proto/rpc/address.js";
import type { CallSettings, Method } from "#proto/rpc/calls.js";
import { RpcChannel } from "#proto/rpc/channel.js";
import { ControlService, ResultsService } from "#proto/rpc/definitions.js";
import { proxyFor } from "#proto/rpc/proxy.js";
import { type Downloaded, type DownloadSettings, downloadModel } from "./download.js";
import { resume } from "./resume.js";

/** Where a hub is, how to know it, and who we are. */
interface HubAddress {
  /** `host:port` of the hub's control port. */
  readonly address: string;
  /** The root that the hub's certificate must lead to, PEM. */
  readonly root: string;
  /** The operator's token. */
  readonly token: string;
  /** `http://[user:password@]host:port`, or `none`; left out, the environment decides (`HTTPS_PROXY`, `NO_PROXY`). */
  readonly proxy?: string | undefined;
}

interface WatchSettings {
  readonly signal?: AbortSignal;
  /** How long to try again after the connection was lost; 2 minutes unless given. */
  readonly giveUpMs?: number;
}

/** A connection to a hub for an operator. Connects with the first call. Every failed call throws a `ComityError`. */
export function connectHub(hub: HubAddress): HubClient {
  const proxy = proxyFor(parseAddress(hub.address), hub.proxy);
  return new HubClient(
    new RpcChannel({ address: hub.address, tls: { ca: hub.root }, proxy, token: hub.token }),
  );
}

const control = ControlService.definition;
const results = ResultsService.definition;

/** The calls of `Control` and `Results`. Calls that change something take an `opId`: give the same one to repeat a call safely. */
export class HubClient {
  readonly #channel: RpcChannel;

  constructor(channel: RpcChannel) {
    this.#channel = channel;
  }

  #ask<Request, Reply>(
    method: Method<Request, Reply>,
    request: Request,
    settings?: CallSettings,
  ): Promise<Reply> {
    return this.#channel.unary(method, request, settings);
  }

  inviteSite(request: InviteSiteRequest, settings?: CallSettings): Promise<InviteSiteReply__Output> {
    return this.#ask(control.InviteSite, withOpId(request), settings);
  }

  listSites(settings?: CallSettings): Promise<ListSitesReply__Output> {
    return this.#ask(control.ListSites, {}, settings);
  }

  getSite(site: string, settings?: CallSettings): Promise<Site__Output> {
    return this.#ask(control.GetSite, { site }, settings);
  }

  revokeSite(request: RevokeSiteRequest, settings?: CallSettings): Promise<Site__Output> {
    return this.#ask(control.RevokeSite, withOpId(request), settings);
  }

  startRun(request: StartRunRequest, settings?: CallSettings): Promise<Run__Output> {
    return this.#ask(control.StartRun, withOpId(request), settings);
  }

  /** Newest first; 50 unless a limit is given. */
  listRuns(limit = 0, settings?: CallSettings): Promise<ListRunsReply__Output> {
    return this.#ask(control.ListRuns, { limit }, settings);
  }

  getRun(runId: string, settings?: CallSettings): Promise<Run__Output> {
    return this.#ask(control.GetRun, { runId }, settings);
  }

  cancelRun(request: CancelRunRequest, settings?: CallSettings): Promise<Run__Output> {
    return this.#ask(control.CancelRun, withOpId(request), settings);
  }

  pauseRun(request: PauseRunRequest, settings?: CallSettings): Promise<Run__Output> {
    return this.#ask(control.PauseRun, withOpId(request), settings);
  }

  resumeRun(request: ResumeRunRequest, settings?: CallSettings): Promise<Run__Output> {
    return this.#ask(control.ResumeRun, withOpId(request), settings);
  }

  retryRun(request: RetryRunRequest, settings?: CallSettings): Promise<Run__Output> {
    return this.#ask(control.RetryRun, withOpId(request), settings);
  }

  verifyRun(runId: string, settings?: CallSettings): Promise<VerifyRunReply__Output> {
    return this.#ask(control.VerifyRun, { runId }, settings);
  }

  explainRun(runId: string, settings?: CallSettings): Promise<ExplainRunReply__Output> {
    return this.#ask(control.ExplainRun, { runId }, settings);
  }

  /** Where each step would go; runs nothing. */
  dryRun(request: DryRunRequest, settings?: CallSettings): Promise<DryRunReply__Output> {
    return this.#ask(control.DryRun, request, settings);
  }

  publishWorkflow(
    request: PublishWorkflowRequest,
    settings?: CallSettings,
  ): Promise<WorkflowVersion__Output> {
    return this.#ask(control.PublishWorkflow, withOpId(request), settings);
  }

  /** The newest version of each, or every version of one. */
  listWorkflows(workflow = "", settings?: CallSettings): Promise<ListWorkflowsReply__Output> {
    return this.#ask(control.ListWorkflows, { workflow }, settings);
  }

  getWorkflow(workflow: string, settings?: CallSettings): Promise<WorkflowVersion__Output> {
    return this.#ask(control.GetWorkflow, { workflow }, settings);
  }

  publishEvent(request: PublishEventRequest, settings?: CallSettings): Promise<PublishEventReply__Output> {
    return this.#ask(control.PublishEvent, withOpId(request), settings);
  }

  /** Every event of a run after `afterSeq`, until the run has ended. A lost connection is made again and nothing is missed or doubled. */
  watchRun(
    runId: string,
    afterSeq = 0,
    settings: WatchSettings = {},
  ): AsyncGenerator<RunEvent__Output, void, undefined> {
    let seq = afterSeq;
    return resume(
      settings,
      () => this.#channel.serverStream(control.WatchRun, { runId, afterSeq: seq }, settings),
      (event) => {
        // Progress is told but not kept: its number is 0.
        if (event.seq > 0) seq = event.seq;
      },
    );
  }

  addOperator(request: AddOperatorRequest, settings?: CallSettings): Promise<AddOperatorReply__Output> {
    return this.#ask(control.AddOperator, withOpId(request), settings);
  }

  listOperators(settings?: CallSettings): Promise<ListOperatorsReply__Output> {
    return this.#ask(control.ListOperators, {}, settings);
  }

  removeOperator(request: RemoveOperatorRequest, settings?: CallSettings): Promise<Operator__Output> {
    return this.#ask(control.RemoveOperator, withOpId(request), settings);
  }

  getHub(settings?: CallSettings): Promise<Hub__Output> {
    return this.#ask(control.GetHub, {}, settings);
  }

  /** Newest first; 50 unless a limit is given. */
  listResults(limit = 0, settings?: CallSettings): Promise<ListResultsReply__Output> {
    return this.#ask(results.ListResults, { limit }, settings);
  }

  getResult(runId: string, settings?: CallSettings): Promise<Result__Output> {
    return this.#ask(results.GetResult, { runId }, settings);
  }

  /** The result now and after each round, until the run has ended. After a lost connection the present state comes once more. */
  watchResult(runId: string, settings: WatchSettings = {}): AsyncGenerator<Result__Output, void, undefined> {
    return resume(settings, () => this.#channel.serverStream(results.WatchResult, { runId }, settings));
  }

  listModels(settings?: CallSettings): Promise<ListModelsReply__Output> {
    return this.#ask(results.ListModels, {}, settings);
  }

  getModel(model: string, settings?: CallSettings): Promise<Model__Output> {
    return this.#ask(results.GetModel, { model }, settings);
  }

  /** The bytes of a model version from an offset on, as they come; {@link downloadModel} makes a checked file of them. */
  streamModel(request: DownloadModelRequest, settings?: CallSettings): AsyncIterable<Chunk__Output> {
    return this.#channel.serverStream(results.DownloadModel, request, settings);
  }

  /** Writes a model version (0: the newest) to a file. See {@link downloadModel}. */
  downloadModel(
    model: string,
    version: number,
    path: string,
    settings: DownloadSettings = {},
  ): Promise<Downloaded> {
    return downloadModel(this, { model, version, path }, settings);
  }

  /** Ends the connection; calls that still run end with it. */
  close(): void {
    this.#channel.close();
  }
}

function withOpId<Request extends { opId?: string }>(request: Request): Request {
  return request.opId === undefined || request.opId === "" ? { ...request, opId: newOpId() } : request;
}
