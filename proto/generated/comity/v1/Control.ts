import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AddOperatorReply as _comity_v1_AddOperatorReply, AddOperatorReply__Output as _comity_v1_AddOperatorReply__Output } from '../../comity/v1/AddOperatorReply.js';
import type { AddOperatorRequest as _comity_v1_AddOperatorRequest, AddOperatorRequest__Output as _comity_v1_AddOperatorRequest__Output } from '../../comity/v1/AddOperatorRequest.js';
import type { CancelRunRequest as _comity_v1_CancelRunRequest, CancelRunRequest__Output as _comity_v1_CancelRunRequest__Output } from '../../comity/v1/CancelRunRequest.js';
import type { DryRunReply as _comity_v1_DryRunReply, DryRunReply__Output as _comity_v1_DryRunReply__Output } from '../../comity/v1/DryRunReply.js';
import type { DryRunRequest as _comity_v1_DryRunRequest, DryRunRequest__Output as _comity_v1_DryRunRequest__Output } from '../../comity/v1/DryRunRequest.js';
import type { ExplainRunReply as _comity_v1_ExplainRunReply, ExplainRunReply__Output as _comity_v1_ExplainRunReply__Output } from '../../comity/v1/ExplainRunReply.js';
import type { ExplainRunRequest as _comity_v1_ExplainRunRequest, ExplainRunRequest__Output as _comity_v1_ExplainRunRequest__Output } from '../../comity/v1/ExplainRunRequest.js';
import type { GetHubRequest as _comity_v1_GetHubRequest, GetHubRequest__Output as _comity_v1_GetHubRequest__Output } from '../../comity/v1/GetHubRequest.js';
import type { GetRunRequest as _comity_v1_GetRunRequest, GetRunRequest__Output as _comity_v1_GetRunRequest__Output } from '../../comity/v1/GetRunRequest.js';
import type { GetSiteRequest as _comity_v1_GetSiteRequest, GetSiteRequest__Output as _comity_v1_GetSiteRequest__Output } from '../../comity/v1/GetSiteRequest.js';
import type { GetWorkflowRequest as _comity_v1_GetWorkflowRequest, GetWorkflowRequest__Output as _comity_v1_GetWorkflowRequest__Output } from '../../comity/v1/GetWorkflowRequest.js';
import type { Hub as _comity_v1_Hub, Hub__Output as _comity_v1_Hub__Output } from '../../comity/v1/Hub.js';
import type { InviteSiteReply as _comity_v1_InviteSiteReply, InviteSiteReply__Output as _comity_v1_InviteSiteReply__Output } from '../../comity/v1/InviteSiteReply.js';
import type { InviteSiteRequest as _comity_v1_InviteSiteRequest, InviteSiteRequest__Output as _comity_v1_InviteSiteRequest__Output } from '../../comity/v1/InviteSiteRequest.js';
import type { ListOperatorsReply as _comity_v1_ListOperatorsReply, ListOperatorsReply__Output as _comity_v1_ListOperatorsReply__Output } from '../../comity/v1/ListOperatorsReply.js';
import type { ListOperatorsRequest as _comity_v1_ListOperatorsRequest, ListOperatorsRequest__Output as _comity_v1_ListOperatorsRequest__Output } from '../../comity/v1/ListOperatorsRequest.js';
import type { ListRunsReply as _comity_v1_ListRunsReply, ListRunsReply__Output as _comity_v1_ListRunsReply__Output } from '../../comity/v1/ListRunsReply.js';
import type { ListRunsRequest as _comity_v1_ListRunsRequest, ListRunsRequest__Output as _comity_v1_ListRunsRequest__Output } from '../../comity/v1/ListRunsRequest.js';
import type { ListSitesReply as _comity_v1_ListSitesReply, ListSitesReply__Output as _comity_v1_ListSitesReply__Output } from '../../comity/v1/ListSitesReply.js';
import type { ListSitesRequest as _comity_v1_ListSitesRequest, ListSitesRequest__Output as _comity_v1_ListSitesRequest__Output } from '../../comity/v1/ListSitesRequest.js';
import type { ListWorkflowsReply as _comity_v1_ListWorkflowsReply, ListWorkflowsReply__Output as _comity_v1_ListWorkflowsReply__Output } from '../../comity/v1/ListWorkflowsReply.js';
import type { ListWorkflowsRequest as _comity_v1_ListWorkflowsRequest, ListWorkflowsRequest__Output as _comity_v1_ListWorkflowsRequest__Output } from '../../comity/v1/ListWorkflowsRequest.js';
import type { Operator as _comity_v1_Operator, Operator__Output as _comity_v1_Operator__Output } from '../../comity/v1/Operator.js';
import type { PauseRunRequest as _comity_v1_PauseRunRequest, PauseRunRequest__Output as _comity_v1_PauseRunRequest__Output } from '../../comity/v1/PauseRunRequest.js';
import type { PublishEventReply as _comity_v1_PublishEventReply, PublishEventReply__Output as _comity_v1_PublishEventReply__Output } from '../../comity/v1/PublishEventReply.js';
import type { PublishEventRequest as _comity_v1_PublishEventRequest, PublishEventRequest__Output as _comity_v1_PublishEventRequest__Output } from '../../comity/v1/PublishEventRequest.js';
import type { PublishWorkflowRequest as _comity_v1_PublishWorkflowRequest, PublishWorkflowRequest__Output as _comity_v1_PublishWorkflowRequest__Output } from '../../comity/v1/PublishWorkflowRequest.js';
import type { RemoveOperatorRequest as _comity_v1_RemoveOperatorRequest, RemoveOperatorRequest__Output as _comity_v1_RemoveOperatorRequest__Output } from '../../comity/v1/RemoveOperatorRequest.js';
import type { ResumeRunRequest as _comity_v1_ResumeRunRequest, ResumeRunRequest__Output as _comity_v1_ResumeRunRequest__Output } from '../../comity/v1/ResumeRunRequest.js';
import type { RetryRunRequest as _comity_v1_RetryRunRequest, RetryRunRequest__Output as _comity_v1_RetryRunRequest__Output } from '../../comity/v1/RetryRunRequest.js';
import type { RevokeSiteRequest as _comity_v1_RevokeSiteRequest, RevokeSiteRequest__Output as _comity_v1_RevokeSiteRequest__Output } from '../../comity/v1/RevokeSiteRequest.js';
import type { Run as _comity_v1_Run, Run__Output as _comity_v1_Run__Output } from '../../comity/v1/Run.js';
import type { RunEvent as _comity_v1_RunEvent, RunEvent__Output as _comity_v1_RunEvent__Output } from '../../comity/v1/RunEvent.js';
import type { Site as _comity_v1_Site, Site__Output as _comity_v1_Site__Output } from '../../comity/v1/Site.js';
import type { StartRunRequest as _comity_v1_StartRunRequest, StartRunRequest__Output as _comity_v1_StartRunRequest__Output } from '../../comity/v1/StartRunRequest.js';
import type { VerifyRunReply as _comity_v1_VerifyRunReply, VerifyRunReply__Output as _comity_v1_VerifyRunReply__Output } from '../../comity/v1/VerifyRunReply.js';
import type { VerifyRunRequest as _comity_v1_VerifyRunRequest, VerifyRunRequest__Output as _comity_v1_VerifyRunRequest__Output } from '../../comity/v1/VerifyRunRequest.js';
import type { WatchRunRequest as _comity_v1_WatchRunRequest, WatchRunRequest__Output as _comity_v1_WatchRunRequest__Output } from '../../comity/v1/WatchRunRequest.js';
import type { WorkflowVersion as _comity_v1_WorkflowVersion, WorkflowVersion__Output as _comity_v1_WorkflowVersion__Output } from '../../comity/v1/WorkflowVersion.js';

/**
 * What an operator does, over TLS with a bearer token. Every call that changes something carries an `op_id`.
 */
export interface ControlClient extends grpc.Client {
  AddOperator(argument: _comity_v1_AddOperatorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_AddOperatorReply__Output>): grpc.ClientUnaryCall;
  AddOperator(argument: _comity_v1_AddOperatorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_AddOperatorReply__Output>): grpc.ClientUnaryCall;
  AddOperator(argument: _comity_v1_AddOperatorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_AddOperatorReply__Output>): grpc.ClientUnaryCall;
  AddOperator(argument: _comity_v1_AddOperatorRequest, callback: grpc.requestCallback<_comity_v1_AddOperatorReply__Output>): grpc.ClientUnaryCall;
  addOperator(argument: _comity_v1_AddOperatorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_AddOperatorReply__Output>): grpc.ClientUnaryCall;
  addOperator(argument: _comity_v1_AddOperatorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_AddOperatorReply__Output>): grpc.ClientUnaryCall;
  addOperator(argument: _comity_v1_AddOperatorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_AddOperatorReply__Output>): grpc.ClientUnaryCall;
  addOperator(argument: _comity_v1_AddOperatorRequest, callback: grpc.requestCallback<_comity_v1_AddOperatorReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * Ends a run before its time; what the workflow does about cancellation is done first.
   */
  CancelRun(argument: _comity_v1_CancelRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  CancelRun(argument: _comity_v1_CancelRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  CancelRun(argument: _comity_v1_CancelRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  CancelRun(argument: _comity_v1_CancelRunRequest, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  /**
   * Ends a run before its time; what the workflow does about cancellation is done first.
   */
  cancelRun(argument: _comity_v1_CancelRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  cancelRun(argument: _comity_v1_CancelRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  cancelRun(argument: _comity_v1_CancelRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  cancelRun(argument: _comity_v1_CancelRunRequest, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  
  /**
   * Where each step of a workflow would go and which rule would refuse it; nothing is run.
   */
  DryRun(argument: _comity_v1_DryRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_DryRunReply__Output>): grpc.ClientUnaryCall;
  DryRun(argument: _comity_v1_DryRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_DryRunReply__Output>): grpc.ClientUnaryCall;
  DryRun(argument: _comity_v1_DryRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_DryRunReply__Output>): grpc.ClientUnaryCall;
  DryRun(argument: _comity_v1_DryRunRequest, callback: grpc.requestCallback<_comity_v1_DryRunReply__Output>): grpc.ClientUnaryCall;
  /**
   * Where each step of a workflow would go and which rule would refuse it; nothing is run.
   */
  dryRun(argument: _comity_v1_DryRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_DryRunReply__Output>): grpc.ClientUnaryCall;
  dryRun(argument: _comity_v1_DryRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_DryRunReply__Output>): grpc.ClientUnaryCall;
  dryRun(argument: _comity_v1_DryRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_DryRunReply__Output>): grpc.ClientUnaryCall;
  dryRun(argument: _comity_v1_DryRunRequest, callback: grpc.requestCallback<_comity_v1_DryRunReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * Why the run stands where it stands: what it waits for, or the way to its failure.
   */
  ExplainRun(argument: _comity_v1_ExplainRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ExplainRunReply__Output>): grpc.ClientUnaryCall;
  ExplainRun(argument: _comity_v1_ExplainRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_ExplainRunReply__Output>): grpc.ClientUnaryCall;
  ExplainRun(argument: _comity_v1_ExplainRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ExplainRunReply__Output>): grpc.ClientUnaryCall;
  ExplainRun(argument: _comity_v1_ExplainRunRequest, callback: grpc.requestCallback<_comity_v1_ExplainRunReply__Output>): grpc.ClientUnaryCall;
  /**
   * Why the run stands where it stands: what it waits for, or the way to its failure.
   */
  explainRun(argument: _comity_v1_ExplainRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ExplainRunReply__Output>): grpc.ClientUnaryCall;
  explainRun(argument: _comity_v1_ExplainRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_ExplainRunReply__Output>): grpc.ClientUnaryCall;
  explainRun(argument: _comity_v1_ExplainRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ExplainRunReply__Output>): grpc.ClientUnaryCall;
  explainRun(argument: _comity_v1_ExplainRunRequest, callback: grpc.requestCallback<_comity_v1_ExplainRunReply__Output>): grpc.ClientUnaryCall;
  
  GetHub(argument: _comity_v1_GetHubRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Hub__Output>): grpc.ClientUnaryCall;
  GetHub(argument: _comity_v1_GetHubRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Hub__Output>): grpc.ClientUnaryCall;
  GetHub(argument: _comity_v1_GetHubRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Hub__Output>): grpc.ClientUnaryCall;
  GetHub(argument: _comity_v1_GetHubRequest, callback: grpc.requestCallback<_comity_v1_Hub__Output>): grpc.ClientUnaryCall;
  getHub(argument: _comity_v1_GetHubRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Hub__Output>): grpc.ClientUnaryCall;
  getHub(argument: _comity_v1_GetHubRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Hub__Output>): grpc.ClientUnaryCall;
  getHub(argument: _comity_v1_GetHubRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Hub__Output>): grpc.ClientUnaryCall;
  getHub(argument: _comity_v1_GetHubRequest, callback: grpc.requestCallback<_comity_v1_Hub__Output>): grpc.ClientUnaryCall;
  
  GetRun(argument: _comity_v1_GetRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  GetRun(argument: _comity_v1_GetRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  GetRun(argument: _comity_v1_GetRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  GetRun(argument: _comity_v1_GetRunRequest, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  getRun(argument: _comity_v1_GetRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  getRun(argument: _comity_v1_GetRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  getRun(argument: _comity_v1_GetRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  getRun(argument: _comity_v1_GetRunRequest, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  
  GetSite(argument: _comity_v1_GetSiteRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Site__Output>): grpc.ClientUnaryCall;
  GetSite(argument: _comity_v1_GetSiteRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Site__Output>): grpc.ClientUnaryCall;
  GetSite(argument: _comity_v1_GetSiteRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Site__Output>): grpc.ClientUnaryCall;
  GetSite(argument: _comity_v1_GetSiteRequest, callback: grpc.requestCallback<_comity_v1_Site__Output>): grpc.ClientUnaryCall;
  getSite(argument: _comity_v1_GetSiteRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Site__Output>): grpc.ClientUnaryCall;
  getSite(argument: _comity_v1_GetSiteRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Site__Output>): grpc.ClientUnaryCall;
  getSite(argument: _comity_v1_GetSiteRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Site__Output>): grpc.ClientUnaryCall;
  getSite(argument: _comity_v1_GetSiteRequest, callback: grpc.requestCallback<_comity_v1_Site__Output>): grpc.ClientUnaryCall;
  
  GetWorkflow(argument: _comity_v1_GetWorkflowRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_WorkflowVersion__Output>): grpc.ClientUnaryCall;
  GetWorkflow(argument: _comity_v1_GetWorkflowRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_WorkflowVersion__Output>): grpc.ClientUnaryCall;
  GetWorkflow(argument: _comity_v1_GetWorkflowRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_WorkflowVersion__Output>): grpc.ClientUnaryCall;
  GetWorkflow(argument: _comity_v1_GetWorkflowRequest, callback: grpc.requestCallback<_comity_v1_WorkflowVersion__Output>): grpc.ClientUnaryCall;
  getWorkflow(argument: _comity_v1_GetWorkflowRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_WorkflowVersion__Output>): grpc.ClientUnaryCall;
  getWorkflow(argument: _comity_v1_GetWorkflowRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_WorkflowVersion__Output>): grpc.ClientUnaryCall;
  getWorkflow(argument: _comity_v1_GetWorkflowRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_WorkflowVersion__Output>): grpc.ClientUnaryCall;
  getWorkflow(argument: _comity_v1_GetWorkflowRequest, callback: grpc.requestCallback<_comity_v1_WorkflowVersion__Output>): grpc.ClientUnaryCall;
  
  InviteSite(argument: _comity_v1_InviteSiteRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_InviteSiteReply__Output>): grpc.ClientUnaryCall;
  InviteSite(argument: _comity_v1_InviteSiteRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_InviteSiteReply__Output>): grpc.ClientUnaryCall;
  InviteSite(argument: _comity_v1_InviteSiteRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_InviteSiteReply__Output>): grpc.ClientUnaryCall;
  InviteSite(argument: _comity_v1_InviteSiteRequest, callback: grpc.requestCallback<_comity_v1_InviteSiteReply__Output>): grpc.ClientUnaryCall;
  inviteSite(argument: _comity_v1_InviteSiteRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_InviteSiteReply__Output>): grpc.ClientUnaryCall;
  inviteSite(argument: _comity_v1_InviteSiteRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_InviteSiteReply__Output>): grpc.ClientUnaryCall;
  inviteSite(argument: _comity_v1_InviteSiteRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_InviteSiteReply__Output>): grpc.ClientUnaryCall;
  inviteSite(argument: _comity_v1_InviteSiteRequest, callback: grpc.requestCallback<_comity_v1_InviteSiteReply__Output>): grpc.ClientUnaryCall;
  
  ListOperators(argument: _comity_v1_ListOperatorsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListOperatorsReply__Output>): grpc.ClientUnaryCall;
  ListOperators(argument: _comity_v1_ListOperatorsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_ListOperatorsReply__Output>): grpc.ClientUnaryCall;
  ListOperators(argument: _comity_v1_ListOperatorsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListOperatorsReply__Output>): grpc.ClientUnaryCall;
  ListOperators(argument: _comity_v1_ListOperatorsRequest, callback: grpc.requestCallback<_comity_v1_ListOperatorsReply__Output>): grpc.ClientUnaryCall;
  listOperators(argument: _comity_v1_ListOperatorsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListOperatorsReply__Output>): grpc.ClientUnaryCall;
  listOperators(argument: _comity_v1_ListOperatorsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_ListOperatorsReply__Output>): grpc.ClientUnaryCall;
  listOperators(argument: _comity_v1_ListOperatorsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListOperatorsReply__Output>): grpc.ClientUnaryCall;
  listOperators(argument: _comity_v1_ListOperatorsRequest, callback: grpc.requestCallback<_comity_v1_ListOperatorsReply__Output>): grpc.ClientUnaryCall;
  
  ListRuns(argument: _comity_v1_ListRunsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListRunsReply__Output>): grpc.ClientUnaryCall;
  ListRuns(argument: _comity_v1_ListRunsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_ListRunsReply__Output>): grpc.ClientUnaryCall;
  ListRuns(argument: _comity_v1_ListRunsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListRunsReply__Output>): grpc.ClientUnaryCall;
  ListRuns(argument: _comity_v1_ListRunsRequest, callback: grpc.requestCallback<_comity_v1_ListRunsReply__Output>): grpc.ClientUnaryCall;
  listRuns(argument: _comity_v1_ListRunsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListRunsReply__Output>): grpc.ClientUnaryCall;
  listRuns(argument: _comity_v1_ListRunsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_ListRunsReply__Output>): grpc.ClientUnaryCall;
  listRuns(argument: _comity_v1_ListRunsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListRunsReply__Output>): grpc.ClientUnaryCall;
  listRuns(argument: _comity_v1_ListRunsRequest, callback: grpc.requestCallback<_comity_v1_ListRunsReply__Output>): grpc.ClientUnaryCall;
  
  ListSites(argument: _comity_v1_ListSitesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListSitesReply__Output>): grpc.ClientUnaryCall;
  ListSites(argument: _comity_v1_ListSitesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_ListSitesReply__Output>): grpc.ClientUnaryCall;
  ListSites(argument: _comity_v1_ListSitesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListSitesReply__Output>): grpc.ClientUnaryCall;
  ListSites(argument: _comity_v1_ListSitesRequest, callback: grpc.requestCallback<_comity_v1_ListSitesReply__Output>): grpc.ClientUnaryCall;
  listSites(argument: _comity_v1_ListSitesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListSitesReply__Output>): grpc.ClientUnaryCall;
  listSites(argument: _comity_v1_ListSitesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_ListSitesReply__Output>): grpc.ClientUnaryCall;
  listSites(argument: _comity_v1_ListSitesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListSitesReply__Output>): grpc.ClientUnaryCall;
  listSites(argument: _comity_v1_ListSitesRequest, callback: grpc.requestCallback<_comity_v1_ListSitesReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * The newest version of each workflow, or all versions of one.
   */
  ListWorkflows(argument: _comity_v1_ListWorkflowsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListWorkflowsReply__Output>): grpc.ClientUnaryCall;
  ListWorkflows(argument: _comity_v1_ListWorkflowsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_ListWorkflowsReply__Output>): grpc.ClientUnaryCall;
  ListWorkflows(argument: _comity_v1_ListWorkflowsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListWorkflowsReply__Output>): grpc.ClientUnaryCall;
  ListWorkflows(argument: _comity_v1_ListWorkflowsRequest, callback: grpc.requestCallback<_comity_v1_ListWorkflowsReply__Output>): grpc.ClientUnaryCall;
  /**
   * The newest version of each workflow, or all versions of one.
   */
  listWorkflows(argument: _comity_v1_ListWorkflowsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListWorkflowsReply__Output>): grpc.ClientUnaryCall;
  listWorkflows(argument: _comity_v1_ListWorkflowsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_ListWorkflowsReply__Output>): grpc.ClientUnaryCall;
  listWorkflows(argument: _comity_v1_ListWorkflowsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListWorkflowsReply__Output>): grpc.ClientUnaryCall;
  listWorkflows(argument: _comity_v1_ListWorkflowsRequest, callback: grpc.requestCallback<_comity_v1_ListWorkflowsReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * No new task starts until the run is resumed; what is under way goes on.
   */
  PauseRun(argument: _comity_v1_PauseRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  PauseRun(argument: _comity_v1_PauseRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  PauseRun(argument: _comity_v1_PauseRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  PauseRun(argument: _comity_v1_PauseRunRequest, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  /**
   * No new task starts until the run is resumed; what is under way goes on.
   */
  pauseRun(argument: _comity_v1_PauseRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  pauseRun(argument: _comity_v1_PauseRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  pauseRun(argument: _comity_v1_PauseRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  pauseRun(argument: _comity_v1_PauseRunRequest, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  
  /**
   * Hands an event (CloudEvents 1.0, JSON) to the runs that listen for it, once each.
   */
  PublishEvent(argument: _comity_v1_PublishEventRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_PublishEventReply__Output>): grpc.ClientUnaryCall;
  PublishEvent(argument: _comity_v1_PublishEventRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_PublishEventReply__Output>): grpc.ClientUnaryCall;
  PublishEvent(argument: _comity_v1_PublishEventRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_PublishEventReply__Output>): grpc.ClientUnaryCall;
  PublishEvent(argument: _comity_v1_PublishEventRequest, callback: grpc.requestCallback<_comity_v1_PublishEventReply__Output>): grpc.ClientUnaryCall;
  /**
   * Hands an event (CloudEvents 1.0, JSON) to the runs that listen for it, once each.
   */
  publishEvent(argument: _comity_v1_PublishEventRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_PublishEventReply__Output>): grpc.ClientUnaryCall;
  publishEvent(argument: _comity_v1_PublishEventRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_PublishEventReply__Output>): grpc.ClientUnaryCall;
  publishEvent(argument: _comity_v1_PublishEventRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_PublishEventReply__Output>): grpc.ClientUnaryCall;
  publishEvent(argument: _comity_v1_PublishEventRequest, callback: grpc.requestCallback<_comity_v1_PublishEventReply__Output>): grpc.ClientUnaryCall;
  
  PublishWorkflow(argument: _comity_v1_PublishWorkflowRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_WorkflowVersion__Output>): grpc.ClientUnaryCall;
  PublishWorkflow(argument: _comity_v1_PublishWorkflowRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_WorkflowVersion__Output>): grpc.ClientUnaryCall;
  PublishWorkflow(argument: _comity_v1_PublishWorkflowRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_WorkflowVersion__Output>): grpc.ClientUnaryCall;
  PublishWorkflow(argument: _comity_v1_PublishWorkflowRequest, callback: grpc.requestCallback<_comity_v1_WorkflowVersion__Output>): grpc.ClientUnaryCall;
  publishWorkflow(argument: _comity_v1_PublishWorkflowRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_WorkflowVersion__Output>): grpc.ClientUnaryCall;
  publishWorkflow(argument: _comity_v1_PublishWorkflowRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_WorkflowVersion__Output>): grpc.ClientUnaryCall;
  publishWorkflow(argument: _comity_v1_PublishWorkflowRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_WorkflowVersion__Output>): grpc.ClientUnaryCall;
  publishWorkflow(argument: _comity_v1_PublishWorkflowRequest, callback: grpc.requestCallback<_comity_v1_WorkflowVersion__Output>): grpc.ClientUnaryCall;
  
  RemoveOperator(argument: _comity_v1_RemoveOperatorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Operator__Output>): grpc.ClientUnaryCall;
  RemoveOperator(argument: _comity_v1_RemoveOperatorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Operator__Output>): grpc.ClientUnaryCall;
  RemoveOperator(argument: _comity_v1_RemoveOperatorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Operator__Output>): grpc.ClientUnaryCall;
  RemoveOperator(argument: _comity_v1_RemoveOperatorRequest, callback: grpc.requestCallback<_comity_v1_Operator__Output>): grpc.ClientUnaryCall;
  removeOperator(argument: _comity_v1_RemoveOperatorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Operator__Output>): grpc.ClientUnaryCall;
  removeOperator(argument: _comity_v1_RemoveOperatorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Operator__Output>): grpc.ClientUnaryCall;
  removeOperator(argument: _comity_v1_RemoveOperatorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Operator__Output>): grpc.ClientUnaryCall;
  removeOperator(argument: _comity_v1_RemoveOperatorRequest, callback: grpc.requestCallback<_comity_v1_Operator__Output>): grpc.ClientUnaryCall;
  
  ResumeRun(argument: _comity_v1_ResumeRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  ResumeRun(argument: _comity_v1_ResumeRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  ResumeRun(argument: _comity_v1_ResumeRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  ResumeRun(argument: _comity_v1_ResumeRunRequest, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  resumeRun(argument: _comity_v1_ResumeRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  resumeRun(argument: _comity_v1_ResumeRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  resumeRun(argument: _comity_v1_ResumeRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  resumeRun(argument: _comity_v1_ResumeRunRequest, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  
  /**
   * Goes on with a run that has failed, from the failed task or from any other, with the same definition or a new one.
   */
  RetryRun(argument: _comity_v1_RetryRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  RetryRun(argument: _comity_v1_RetryRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  RetryRun(argument: _comity_v1_RetryRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  RetryRun(argument: _comity_v1_RetryRunRequest, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  /**
   * Goes on with a run that has failed, from the failed task or from any other, with the same definition or a new one.
   */
  retryRun(argument: _comity_v1_RetryRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  retryRun(argument: _comity_v1_RetryRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  retryRun(argument: _comity_v1_RetryRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  retryRun(argument: _comity_v1_RetryRunRequest, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  
  /**
   * Refuses the site's certificates from now on and cuts its session.
   */
  RevokeSite(argument: _comity_v1_RevokeSiteRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Site__Output>): grpc.ClientUnaryCall;
  RevokeSite(argument: _comity_v1_RevokeSiteRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Site__Output>): grpc.ClientUnaryCall;
  RevokeSite(argument: _comity_v1_RevokeSiteRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Site__Output>): grpc.ClientUnaryCall;
  RevokeSite(argument: _comity_v1_RevokeSiteRequest, callback: grpc.requestCallback<_comity_v1_Site__Output>): grpc.ClientUnaryCall;
  /**
   * Refuses the site's certificates from now on and cuts its session.
   */
  revokeSite(argument: _comity_v1_RevokeSiteRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Site__Output>): grpc.ClientUnaryCall;
  revokeSite(argument: _comity_v1_RevokeSiteRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Site__Output>): grpc.ClientUnaryCall;
  revokeSite(argument: _comity_v1_RevokeSiteRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Site__Output>): grpc.ClientUnaryCall;
  revokeSite(argument: _comity_v1_RevokeSiteRequest, callback: grpc.requestCallback<_comity_v1_Site__Output>): grpc.ClientUnaryCall;
  
  StartRun(argument: _comity_v1_StartRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  StartRun(argument: _comity_v1_StartRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  StartRun(argument: _comity_v1_StartRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  StartRun(argument: _comity_v1_StartRunRequest, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  startRun(argument: _comity_v1_StartRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  startRun(argument: _comity_v1_StartRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  startRun(argument: _comity_v1_StartRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  startRun(argument: _comity_v1_StartRunRequest, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  
  /**
   * Plays the journal of a run again and compares it with what the hub holds.
   */
  VerifyRun(argument: _comity_v1_VerifyRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_VerifyRunReply__Output>): grpc.ClientUnaryCall;
  VerifyRun(argument: _comity_v1_VerifyRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_VerifyRunReply__Output>): grpc.ClientUnaryCall;
  VerifyRun(argument: _comity_v1_VerifyRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_VerifyRunReply__Output>): grpc.ClientUnaryCall;
  VerifyRun(argument: _comity_v1_VerifyRunRequest, callback: grpc.requestCallback<_comity_v1_VerifyRunReply__Output>): grpc.ClientUnaryCall;
  /**
   * Plays the journal of a run again and compares it with what the hub holds.
   */
  verifyRun(argument: _comity_v1_VerifyRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_VerifyRunReply__Output>): grpc.ClientUnaryCall;
  verifyRun(argument: _comity_v1_VerifyRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_VerifyRunReply__Output>): grpc.ClientUnaryCall;
  verifyRun(argument: _comity_v1_VerifyRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_VerifyRunReply__Output>): grpc.ClientUnaryCall;
  verifyRun(argument: _comity_v1_VerifyRunRequest, callback: grpc.requestCallback<_comity_v1_VerifyRunReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * Every event from `after_seq` on, then live ones, until the run has ended.
   */
  WatchRun(argument: _comity_v1_WatchRunRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_comity_v1_RunEvent__Output>;
  WatchRun(argument: _comity_v1_WatchRunRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_comity_v1_RunEvent__Output>;
  /**
   * Every event from `after_seq` on, then live ones, until the run has ended.
   */
  watchRun(argument: _comity_v1_WatchRunRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_comity_v1_RunEvent__Output>;
  watchRun(argument: _comity_v1_WatchRunRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_comity_v1_RunEvent__Output>;
  
}

/**
 * What an operator does, over TLS with a bearer token. Every call that changes something carries an `op_id`.
 */
export interface ControlHandlers extends grpc.UntypedServiceImplementation {
  AddOperator: grpc.handleUnaryCall<_comity_v1_AddOperatorRequest__Output, _comity_v1_AddOperatorReply>;
  
  /**
   * Ends a run before its time; what the workflow does about cancellation is done first.
   */
  CancelRun: grpc.handleUnaryCall<_comity_v1_CancelRunRequest__Output, _comity_v1_Run>;
  
  /**
   * Where each step of a workflow would go and which rule would refuse it; nothing is run.
   */
  DryRun: grpc.handleUnaryCall<_comity_v1_DryRunRequest__Output, _comity_v1_DryRunReply>;
  
  /**
   * Why the run stands where it stands: what it waits for, or the way to its failure.
   */
  ExplainRun: grpc.handleUnaryCall<_comity_v1_ExplainRunRequest__Output, _comity_v1_ExplainRunReply>;
  
  GetHub: grpc.handleUnaryCall<_comity_v1_GetHubRequest__Output, _comity_v1_Hub>;
  
  GetRun: grpc.handleUnaryCall<_comity_v1_GetRunRequest__Output, _comity_v1_Run>;
  
  GetSite: grpc.handleUnaryCall<_comity_v1_GetSiteRequest__Output, _comity_v1_Site>;
  
  GetWorkflow: grpc.handleUnaryCall<_comity_v1_GetWorkflowRequest__Output, _comity_v1_WorkflowVersion>;
  
  InviteSite: grpc.handleUnaryCall<_comity_v1_InviteSiteRequest__Output, _comity_v1_InviteSiteReply>;
  
  ListOperators: grpc.handleUnaryCall<_comity_v1_ListOperatorsRequest__Output, _comity_v1_ListOperatorsReply>;
  
  ListRuns: grpc.handleUnaryCall<_comity_v1_ListRunsRequest__Output, _comity_v1_ListRunsReply>;
  
  ListSites: grpc.handleUnaryCall<_comity_v1_ListSitesRequest__Output, _comity_v1_ListSitesReply>;
  
  /**
   * The newest version of each workflow, or all versions of one.
   */
  ListWorkflows: grpc.handleUnaryCall<_comity_v1_ListWorkflowsRequest__Output, _comity_v1_ListWorkflowsReply>;
  
  /**
   * No new task starts until the run is resumed; what is under way goes on.
   */
  PauseRun: grpc.handleUnaryCall<_comity_v1_PauseRunRequest__Output, _comity_v1_Run>;
  
  /**
   * Hands an event (CloudEvents 1.0, JSON) to the runs that listen for it, once each.
   */
  PublishEvent: grpc.handleUnaryCall<_comity_v1_PublishEventRequest__Output, _comity_v1_PublishEventReply>;
  
  PublishWorkflow: grpc.handleUnaryCall<_comity_v1_PublishWorkflowRequest__Output, _comity_v1_WorkflowVersion>;
  
  RemoveOperator: grpc.handleUnaryCall<_comity_v1_RemoveOperatorRequest__Output, _comity_v1_Operator>;
  
  ResumeRun: grpc.handleUnaryCall<_comity_v1_ResumeRunRequest__Output, _comity_v1_Run>;
  
  /**
   * Goes on with a run that has failed, from the failed task or from any other, with the same definition or a new one.
   */
  RetryRun: grpc.handleUnaryCall<_comity_v1_RetryRunRequest__Output, _comity_v1_Run>;
  
  /**
   * Refuses the site's certificates from now on and cuts its session.
   */
  RevokeSite: grpc.handleUnaryCall<_comity_v1_RevokeSiteRequest__Output, _comity_v1_Site>;
  
  StartRun: grpc.handleUnaryCall<_comity_v1_StartRunRequest__Output, _comity_v1_Run>;
  
  /**
   * Plays the journal of a run again and compares it with what the hub holds.
   */
  VerifyRun: grpc.handleUnaryCall<_comity_v1_VerifyRunRequest__Output, _comity_v1_VerifyRunReply>;
  
  /**
   * Every event from `after_seq` on, then live ones, until the run has ended.
   */
  WatchRun: grpc.handleServerStreamingCall<_comity_v1_WatchRunRequest__Output, _comity_v1_RunEvent>;
  
}

export interface ControlDefinition extends grpc.ServiceDefinition {
  AddOperator: MethodDefinition<_comity_v1_AddOperatorRequest, _comity_v1_AddOperatorReply, _comity_v1_AddOperatorRequest__Output, _comity_v1_AddOperatorReply__Output>
  CancelRun: MethodDefinition<_comity_v1_CancelRunRequest, _comity_v1_Run, _comity_v1_CancelRunRequest__Output, _comity_v1_Run__Output>
  DryRun: MethodDefinition<_comity_v1_DryRunRequest, _comity_v1_DryRunReply, _comity_v1_DryRunRequest__Output, _comity_v1_DryRunReply__Output>
  ExplainRun: MethodDefinition<_comity_v1_ExplainRunRequest, _comity_v1_ExplainRunReply, _comity_v1_ExplainRunRequest__Output, _comity_v1_ExplainRunReply__Output>
  GetHub: MethodDefinition<_comity_v1_GetHubRequest, _comity_v1_Hub, _comity_v1_GetHubRequest__Output, _comity_v1_Hub__Output>
  GetRun: MethodDefinition<_comity_v1_GetRunRequest, _comity_v1_Run, _comity_v1_GetRunRequest__Output, _comity_v1_Run__Output>
  GetSite: MethodDefinition<_comity_v1_GetSiteRequest, _comity_v1_Site, _comity_v1_GetSiteRequest__Output, _comity_v1_Site__Output>
  GetWorkflow: MethodDefinition<_comity_v1_GetWorkflowRequest, _comity_v1_WorkflowVersion, _comity_v1_GetWorkflowRequest__Output, _comity_v1_WorkflowVersion__Output>
  InviteSite: MethodDefinition<_comity_v1_InviteSiteRequest, _comity_v1_InviteSiteReply, _comity_v1_InviteSiteRequest__Output, _comity_v1_InviteSiteReply__Output>
  ListOperators: MethodDefinition<_comity_v1_ListOperatorsRequest, _comity_v1_ListOperatorsReply, _comity_v1_ListOperatorsRequest__Output, _comity_v1_ListOperatorsReply__Output>
  ListRuns: MethodDefinition<_comity_v1_ListRunsRequest, _comity_v1_ListRunsReply, _comity_v1_ListRunsRequest__Output, _comity_v1_ListRunsReply__Output>
  ListSites: MethodDefinition<_comity_v1_ListSitesRequest, _comity_v1_ListSitesReply, _comity_v1_ListSitesRequest__Output, _comity_v1_ListSitesReply__Output>
  ListWorkflows: MethodDefinition<_comity_v1_ListWorkflowsRequest, _comity_v1_ListWorkflowsReply, _comity_v1_ListWorkflowsRequest__Output, _comity_v1_ListWorkflowsReply__Output>
  PauseRun: MethodDefinition<_comity_v1_PauseRunRequest, _comity_v1_Run, _comity_v1_PauseRunRequest__Output, _comity_v1_Run__Output>
  PublishEvent: MethodDefinition<_comity_v1_PublishEventRequest, _comity_v1_PublishEventReply, _comity_v1_PublishEventRequest__Output, _comity_v1_PublishEventReply__Output>
  PublishWorkflow: MethodDefinition<_comity_v1_PublishWorkflowRequest, _comity_v1_WorkflowVersion, _comity_v1_PublishWorkflowRequest__Output, _comity_v1_WorkflowVersion__Output>
  RemoveOperator: MethodDefinition<_comity_v1_RemoveOperatorRequest, _comity_v1_Operator, _comity_v1_RemoveOperatorRequest__Output, _comity_v1_Operator__Output>
  ResumeRun: MethodDefinition<_comity_v1_ResumeRunRequest, _comity_v1_Run, _comity_v1_ResumeRunRequest__Output, _comity_v1_Run__Output>
  RetryRun: MethodDefinition<_comity_v1_RetryRunRequest, _comity_v1_Run, _comity_v1_RetryRunRequest__Output, _comity_v1_Run__Output>
  RevokeSite: MethodDefinition<_comity_v1_RevokeSiteRequest, _comity_v1_Site, _comity_v1_RevokeSiteRequest__Output, _comity_v1_Site__Output>
  StartRun: MethodDefinition<_comity_v1_StartRunRequest, _comity_v1_Run, _comity_v1_StartRunRequest__Output, _comity_v1_Run__Output>
  VerifyRun: MethodDefinition<_comity_v1_VerifyRunRequest, _comity_v1_VerifyRunReply, _comity_v1_VerifyRunRequest__Output, _comity_v1_VerifyRunReply__Output>
  WatchRun: MethodDefinition<_comity_v1_WatchRunRequest, _comity_v1_RunEvent, _comity_v1_WatchRunRequest__Output, _comity_v1_RunEvent__Output>
}
