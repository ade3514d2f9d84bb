import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AddOperatorReply as _comity_v1_AddOperatorReply, AddOperatorReply__Output as _comity_v1_AddOperatorReply__Output } from '../../comity/v1/AddOperatorReply.js';
import type { AddOperatorRequest as _comity_v1_AddOperatorRequest, AddOperatorRequest__Output as _comity_v1_AddOperatorRequest__Output } from '../../comity/v1/AddOperatorRequest.js';
import type { CancelRunRequest as _comity_v1_CancelRunRequest, CancelRunRequest__Output as _comity_v1_CancelRunRequest__Output } from '../../comity/v1/CancelRunRequest.js';
import type { GetHubRequest as _comity_v1_GetHubRequest, GetHubRequest__Output as _comity_v1_GetHubRequest__Output } from '../../comity/v1/GetHubRequest.js';
import type { GetRunRequest as _comity_v1_GetRunRequest, GetRunRequest__Output as _comity_v1_GetRunRequest__Output } from '../../comity/v1/GetRunRequest.js';
import type { GetSiteRequest as _comity_v1_GetSiteRequest, GetSiteRequest__Output as _comity_v1_GetSiteRequest__Output } from '../../comity/v1/GetSiteRequest.js';
import type { Hub as _comity_v1_Hub, Hub__Output as _comity_v1_Hub__Output } from '../../comity/v1/Hub.js';
import type { InviteSiteReply as _comity_v1_InviteSiteReply, InviteSiteReply__Output as _comity_v1_InviteSiteReply__Output } from '../../comity/v1/InviteSiteReply.js';
import type { InviteSiteRequest as _comity_v1_InviteSiteRequest, InviteSiteRequest__Output as _comity_v1_InviteSiteRequest__Output } from '../../comity/v1/InviteSiteRequest.js';
import type { ListOperatorsReply as _comity_v1_ListOperatorsReply, ListOperatorsReply__Output as _comity_v1_ListOperatorsReply__Output } from '../../comity/v1/ListOperatorsReply.js';
import type { ListOperatorsRequest as _comity_v1_ListOperatorsRequest, ListOperatorsRequest__Output as _comity_v1_ListOperatorsRequest__Output } from '../../comity/v1/ListOperatorsRequest.js';
import type { ListRunsReply as _comity_v1_ListRunsReply, ListRunsReply__Output as _comity_v1_ListRunsReply__Output } from '../../comity/v1/ListRunsReply.js';
import type { ListRunsRequest as _comity_v1_ListRunsRequest, ListRunsRequest__Output as _comity_v1_ListRunsRequest__Output } from '../../comity/v1/ListRunsRequest.js';
import type { ListSitesReply as _comity_v1_ListSitesReply, ListSitesReply__Output as _comity_v1_ListSitesReply__Output } from '../../comity/v1/ListSitesReply.js';
import type { ListSitesRequest as _comity_v1_ListSitesRequest, ListSitesRequest__Output as _comity_v1_ListSitesRequest__Output } from '../../comity/v1/ListSitesRequest.js';
import type { Operator as _comity_v1_Operator, Operator__Output as _comity_v1_Operator__Output } from '../../comity/v1/Operator.js';
import type { RemoveOperatorRequest as _comity_v1_RemoveOperatorRequest, RemoveOperatorRequest__Output as _comity_v1_RemoveOperatorRequest__Output } from '../../comity/v1/RemoveOperatorRequest.js';
import type { RevokeSiteRequest as _comity_v1_RevokeSiteRequest, RevokeSiteRequest__Output as _comity_v1_RevokeSiteRequest__Output } from '../../comity/v1/RevokeSiteRequest.js';
import type { Run as _comity_v1_Run, Run__Output as _comity_v1_Run__Output } from '../../comity/v1/Run.js';
import type { RunEvent as _comity_v1_RunEvent, RunEvent__Output as _comity_v1_RunEvent__Output } from '../../comity/v1/RunEvent.js';
import type { Site as _comity_v1_Site, Site__Output as _comity_v1_Site__Output } from '../../comity/v1/Site.js';
import type { StartRunRequest as _comity_v1_StartRunRequest, StartRunRequest__Output as _comity_v1_StartRunRequest__Output } from '../../comity/v1/StartRunRequest.js';
import type { WatchRunRequest as _comity_v1_WatchRunRequest, WatchRunRequest__Output as _comity_v1_WatchRunRequest__Output } from '../../comity/v1/WatchRunRequest.js';

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
  
  CancelRun(argument: _comity_v1_CancelRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  CancelRun(argument: _comity_v1_CancelRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  CancelRun(argument: _comity_v1_CancelRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  CancelRun(argument: _comity_v1_CancelRunRequest, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  cancelRun(argument: _comity_v1_CancelRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  cancelRun(argument: _comity_v1_CancelRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  cancelRun(argument: _comity_v1_CancelRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  cancelRun(argument: _comity_v1_CancelRunRequest, callback: grpc.requestCallback<_comity_v1_Run__Output>): grpc.ClientUnaryCall;
  
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
  
  RemoveOperator(argument: _comity_v1_RemoveOperatorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Operator__Output>): grpc.ClientUnaryCall;
  RemoveOperator(argument: _comity_v1_RemoveOperatorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Operator__Output>): grpc.ClientUnaryCall;
  RemoveOperator(argument: _comity_v1_RemoveOperatorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Operator__Output>): grpc.ClientUnaryCall;
  RemoveOperator(argument: _comity_v1_RemoveOperatorRequest, callback: grpc.requestCallback<_comity_v1_Operator__Output>): grpc.ClientUnaryCall;
  removeOperator(argument: _comity_v1_RemoveOperatorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Operator__Output>): grpc.ClientUnaryCall;
  removeOperator(argument: _comity_v1_RemoveOperatorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Operator__Output>): grpc.ClientUnaryCall;
  removeOperator(argument: _comity_v1_RemoveOperatorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Operator__Output>): grpc.ClientUnaryCall;
  removeOperator(argument: _comity_v1_RemoveOperatorRequest, callback: grpc.requestCallback<_comity_v1_Operator__Output>): grpc.ClientUnaryCall;
  
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
  
  CancelRun: grpc.handleUnaryCall<_comity_v1_CancelRunRequest__Output, _comity_v1_Run>;
  
  GetHub: grpc.handleUnaryCall<_comity_v1_GetHubRequest__Output, _comity_v1_Hub>;
  
  GetRun: grpc.handleUnaryCall<_comity_v1_GetRunRequest__Output, _comity_v1_Run>;
  
  GetSite: grpc.handleUnaryCall<_comity_v1_GetSiteRequest__Output, _comity_v1_Site>;
  
  InviteSite: grpc.handleUnaryCall<_comity_v1_InviteSiteRequest__Output, _comity_v1_InviteSiteReply>;
  
  ListOperators: grpc.handleUnaryCall<_comity_v1_ListOperatorsRequest__Output, _comity_v1_ListOperatorsReply>;
  
  ListRuns: grpc.handleUnaryCall<_comity_v1_ListRunsRequest__Output, _comity_v1_ListRunsReply>;
  
  ListSites: grpc.handleUnaryCall<_comity_v1_ListSitesRequest__Output, _comity_v1_ListSitesReply>;
  
  RemoveOperator: grpc.handleUnaryCall<_comity_v1_RemoveOperatorRequest__Output, _comity_v1_Operator>;
  
  /**
   * Refuses the site's certificates from now on and cuts its session.
   */
  RevokeSite: grpc.handleUnaryCall<_comity_v1_RevokeSiteRequest__Output, _comity_v1_Site>;
  
  StartRun: grpc.handleUnaryCall<_comity_v1_StartRunRequest__Output, _comity_v1_Run>;
  
  /**
   * Every event from `after_seq` on, then live ones, until the run has ended.
   */
  WatchRun: grpc.handleServerStreamingCall<_comity_v1_WatchRunRequest__Output, _comity_v1_RunEvent>;
  
}

export interface ControlDefinition extends grpc.ServiceDefinition {
  AddOperator: MethodDefinition<_comity_v1_AddOperatorRequest, _comity_v1_AddOperatorReply, _comity_v1_AddOperatorRequest__Output, _comity_v1_AddOperatorReply__Output>
  CancelRun: MethodDefinition<_comity_v1_CancelRunRequest, _comity_v1_Run, _comity_v1_CancelRunRequest__Output, _comity_v1_Run__Output>
  GetHub: MethodDefinition<_comity_v1_GetHubRequest, _comity_v1_Hub, _comity_v1_GetHubRequest__Output, _comity_v1_Hub__Output>
  GetRun: MethodDefinition<_comity_v1_GetRunRequest, _comity_v1_Run, _comity_v1_GetRunRequest__Output, _comity_v1_Run__Output>
  GetSite: MethodDefinition<_comity_v1_GetSiteRequest, _comity_v1_Site, _comity_v1_GetSiteRequest__Output, _comity_v1_Site__Output>
  InviteSite: MethodDefinition<_comity_v1_InviteSiteRequest, _comity_v1_InviteSiteReply, _comity_v1_InviteSiteRequest__Output, _comity_v1_InviteSiteReply__Output>
  ListOperators: MethodDefinition<_comity_v1_ListOperatorsRequest, _comity_v1_ListOperatorsReply, _comity_v1_ListOperatorsRequest__Output, _comity_v1_ListOperatorsReply__Output>
  ListRuns: MethodDefinition<_comity_v1_ListRunsRequest, _comity_v1_ListRunsReply, _comity_v1_ListRunsRequest__Output, _comity_v1_ListRunsReply__Output>
  ListSites: MethodDefinition<_comity_v1_ListSitesRequest, _comity_v1_ListSitesReply, _comity_v1_ListSitesRequest__Output, _comity_v1_ListSitesReply__Output>
  RemoveOperator: MethodDefinition<_comity_v1_RemoveOperatorRequest, _comity_v1_Operator, _comity_v1_RemoveOperatorRequest__Output, _comity_v1_Operator__Output>
  RevokeSite: MethodDefinition<_comity_v1_RevokeSiteRequest, _comity_v1_Site, _comity_v1_RevokeSiteRequest__Output, _comity_v1_Site__Output>
  StartRun: MethodDefinition<_comity_v1_StartRunRequest, _comity_v1_Run, _comity_v1_StartRunRequest__Output, _comity_v1_Run__Output>
  WatchRun: MethodDefinition<_comity_v1_WatchRunRequest, _comity_v1_RunEvent, _comity_v1_WatchRunRequest__Output, _comity_v1_RunEvent__Output>
}
