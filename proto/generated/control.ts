import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Accept as _comity_v1_Accept, Accept__Output as _comity_v1_Accept__Output } from './comity/v1/Accept.js';
import type { AddOperatorReply as _comity_v1_AddOperatorReply, AddOperatorReply__Output as _comity_v1_AddOperatorReply__Output } from './comity/v1/AddOperatorReply.js';
import type { AddOperatorRequest as _comity_v1_AddOperatorRequest, AddOperatorRequest__Output as _comity_v1_AddOperatorRequest__Output } from './comity/v1/AddOperatorRequest.js';
import type { AgentClient as _comity_v1_AgentClient, AgentDefinition as _comity_v1_AgentDefinition } from './comity/v1/Agent.js';
import type { AnswerRefused as _comity_v1_AnswerRefused, AnswerRefused__Output as _comity_v1_AnswerRefused__Output } from './comity/v1/AnswerRefused.js';
import type { Assignment as _comity_v1_Assignment, Assignment__Output as _comity_v1_Assignment__Output } from './comity/v1/Assignment.js';
import type { Blob as _comity_v1_Blob, Blob__Output as _comity_v1_Blob__Output } from './comity/v1/Blob.js';
import type { Cancel as _comity_v1_Cancel, Cancel__Output as _comity_v1_Cancel__Output } from './comity/v1/Cancel.js';
import type { CancelRunRequest as _comity_v1_CancelRunRequest, CancelRunRequest__Output as _comity_v1_CancelRunRequest__Output } from './comity/v1/CancelRunRequest.js';
import type { Catalogue as _comity_v1_Catalogue, Catalogue__Output as _comity_v1_Catalogue__Output } from './comity/v1/Catalogue.js';
import type { Chunk as _comity_v1_Chunk, Chunk__Output as _comity_v1_Chunk__Output } from './comity/v1/Chunk.js';
import type { Column as _comity_v1_Column, Column__Output as _comity_v1_Column__Output } from './comity/v1/Column.js';
import type { ControlClient as _comity_v1_ControlClient, ControlDefinition as _comity_v1_ControlDefinition } from './comity/v1/Control.js';
import type { Dataset as _comity_v1_Dataset, Dataset__Output as _comity_v1_Dataset__Output } from './comity/v1/Dataset.js';
import type { DownloadRequest as _comity_v1_DownloadRequest, DownloadRequest__Output as _comity_v1_DownloadRequest__Output } from './comity/v1/DownloadRequest.js';
import type { Drain as _comity_v1_Drain, Drain__Output as _comity_v1_Drain__Output } from './comity/v1/Drain.js';
import type { DryRunReply as _comity_v1_DryRunReply, DryRunReply__Output as _comity_v1_DryRunReply__Output } from './comity/v1/DryRunReply.js';
import type { DryRunRequest as _comity_v1_DryRunRequest, DryRunRequest__Output as _comity_v1_DryRunRequest__Output } from './comity/v1/DryRunRequest.js';
import type { DryRunSite as _comity_v1_DryRunSite, DryRunSite__Output as _comity_v1_DryRunSite__Output } from './comity/v1/DryRunSite.js';
import type { DryRunStep as _comity_v1_DryRunStep, DryRunStep__Output as _comity_v1_DryRunStep__Output } from './comity/v1/DryRunStep.js';
import type { ExplainRunReply as _comity_v1_ExplainRunReply, ExplainRunReply__Output as _comity_v1_ExplainRunReply__Output } from './comity/v1/ExplainRunReply.js';
import type { ExplainRunRequest as _comity_v1_ExplainRunRequest, ExplainRunRequest__Output as _comity_v1_ExplainRunRequest__Output } from './comity/v1/ExplainRunRequest.js';
import type { Failed as _comity_v1_Failed, Failed__Output as _comity_v1_Failed__Output } from './comity/v1/Failed.js';
import type { FromAgent as _comity_v1_FromAgent, FromAgent__Output as _comity_v1_FromAgent__Output } from './comity/v1/FromAgent.js';
import type { FromHub as _comity_v1_FromHub, FromHub__Output as _comity_v1_FromHub__Output } from './comity/v1/FromHub.js';
import type { GetHubRequest as _comity_v1_GetHubRequest, GetHubRequest__Output as _comity_v1_GetHubRequest__Output } from './comity/v1/GetHubRequest.js';
import type { GetRunRequest as _comity_v1_GetRunRequest, GetRunRequest__Output as _comity_v1_GetRunRequest__Output } from './comity/v1/GetRunRequest.js';
import type { GetSiteRequest as _comity_v1_GetSiteRequest, GetSiteRequest__Output as _comity_v1_GetSiteRequest__Output } from './comity/v1/GetSiteRequest.js';
import type { GetWorkflowRequest as _comity_v1_GetWorkflowRequest, GetWorkflowRequest__Output as _comity_v1_GetWorkflowRequest__Output } from './comity/v1/GetWorkflowRequest.js';
import type { Heartbeat as _comity_v1_Heartbeat, Heartbeat__Output as _comity_v1_Heartbeat__Output } from './comity/v1/Heartbeat.js';
import type { Held as _comity_v1_Held, Held__Output as _comity_v1_Held__Output } from './comity/v1/Held.js';
import type { Hello as _comity_v1_Hello, Hello__Output as _comity_v1_Hello__Output } from './comity/v1/Hello.js';
import type { Hub as _comity_v1_Hub, Hub__Output as _comity_v1_Hub__Output } from './comity/v1/Hub.js';
import type { Input as _comity_v1_Input, Input__Output as _comity_v1_Input__Output } from './comity/v1/Input.js';
import type { InviteSiteReply as _comity_v1_InviteSiteReply, InviteSiteReply__Output as _comity_v1_InviteSiteReply__Output } from './comity/v1/InviteSiteReply.js';
import type { InviteSiteRequest as _comity_v1_InviteSiteRequest, InviteSiteRequest__Output as _comity_v1_InviteSiteRequest__Output } from './comity/v1/InviteSiteRequest.js';
import type { ListOperatorsReply as _comity_v1_ListOperatorsReply, ListOperatorsReply__Output as _comity_v1_ListOperatorsReply__Output } from './comity/v1/ListOperatorsReply.js';
import type { ListOperatorsRequest as _comity_v1_ListOperatorsRequest, ListOperatorsRequest__Output as _comity_v1_ListOperatorsRequest__Output } from './comity/v1/ListOperatorsRequest.js';
import type { ListRunsReply as _comity_v1_ListRunsReply, ListRunsReply__Output as _comity_v1_ListRunsReply__Output } from './comity/v1/ListRunsReply.js';
import type { ListRunsRequest as _comity_v1_ListRunsRequest, ListRunsRequest__Output as _comity_v1_ListRunsRequest__Output } from './comity/v1/ListRunsRequest.js';
import type { ListSitesReply as _comity_v1_ListSitesReply, ListSitesReply__Output as _comity_v1_ListSitesReply__Output } from './comity/v1/ListSitesReply.js';
import type { ListSitesRequest as _comity_v1_ListSitesRequest, ListSitesRequest__Output as _comity_v1_ListSitesRequest__Output } from './comity/v1/ListSitesRequest.js';
import type { ListWorkflowsReply as _comity_v1_ListWorkflowsReply, ListWorkflowsReply__Output as _comity_v1_ListWorkflowsReply__Output } from './comity/v1/ListWorkflowsReply.js';
import type { ListWorkflowsRequest as _comity_v1_ListWorkflowsRequest, ListWorkflowsRequest__Output as _comity_v1_ListWorkflowsRequest__Output } from './comity/v1/ListWorkflowsRequest.js';
import type { Offer as _comity_v1_Offer, Offer__Output as _comity_v1_Offer__Output } from './comity/v1/Offer.js';
import type { Operator as _comity_v1_Operator, Operator__Output as _comity_v1_Operator__Output } from './comity/v1/Operator.js';
import type { PauseRunRequest as _comity_v1_PauseRunRequest, PauseRunRequest__Output as _comity_v1_PauseRunRequest__Output } from './comity/v1/PauseRunRequest.js';
import type { Progress as _comity_v1_Progress, Progress__Output as _comity_v1_Progress__Output } from './comity/v1/Progress.js';
import type { PublishEventReply as _comity_v1_PublishEventReply, PublishEventReply__Output as _comity_v1_PublishEventReply__Output } from './comity/v1/PublishEventReply.js';
import type { PublishEventRequest as _comity_v1_PublishEventRequest, PublishEventRequest__Output as _comity_v1_PublishEventRequest__Output } from './comity/v1/PublishEventRequest.js';
import type { PublishWorkflowRequest as _comity_v1_PublishWorkflowRequest, PublishWorkflowRequest__Output as _comity_v1_PublishWorkflowRequest__Output } from './comity/v1/PublishWorkflowRequest.js';
import type { Reason as _comity_v1_Reason, Reason__Output as _comity_v1_Reason__Output } from './comity/v1/Reason.js';
import type { Receipt as _comity_v1_Receipt, Receipt__Output as _comity_v1_Receipt__Output } from './comity/v1/Receipt.js';
import type { Refuse as _comity_v1_Refuse, Refuse__Output as _comity_v1_Refuse__Output } from './comity/v1/Refuse.js';
import type { RemoveOperatorRequest as _comity_v1_RemoveOperatorRequest, RemoveOperatorRequest__Output as _comity_v1_RemoveOperatorRequest__Output } from './comity/v1/RemoveOperatorRequest.js';
import type { ResumeRunRequest as _comity_v1_ResumeRunRequest, ResumeRunRequest__Output as _comity_v1_ResumeRunRequest__Output } from './comity/v1/ResumeRunRequest.js';
import type { RetryRunRequest as _comity_v1_RetryRunRequest, RetryRunRequest__Output as _comity_v1_RetryRunRequest__Output } from './comity/v1/RetryRunRequest.js';
import type { RevokeSiteRequest as _comity_v1_RevokeSiteRequest, RevokeSiteRequest__Output as _comity_v1_RevokeSiteRequest__Output } from './comity/v1/RevokeSiteRequest.js';
import type { Round as _comity_v1_Round, Round__Output as _comity_v1_Round__Output } from './comity/v1/Round.js';
import type { Run as _comity_v1_Run, Run__Output as _comity_v1_Run__Output } from './comity/v1/Run.js';
import type { RunEnded as _comity_v1_RunEnded, RunEnded__Output as _comity_v1_RunEnded__Output } from './comity/v1/RunEnded.js';
import type { RunEvent as _comity_v1_RunEvent, RunEvent__Output as _comity_v1_RunEvent__Output } from './comity/v1/RunEvent.js';
import type { Site as _comity_v1_Site, Site__Output as _comity_v1_Site__Output } from './comity/v1/Site.js';
import type { SiteEvent as _comity_v1_SiteEvent, SiteEvent__Output as _comity_v1_SiteEvent__Output } from './comity/v1/SiteEvent.js';
import type { SiteEventReceipt as _comity_v1_SiteEventReceipt, SiteEventReceipt__Output as _comity_v1_SiteEventReceipt__Output } from './comity/v1/SiteEventReceipt.js';
import type { StartRunRequest as _comity_v1_StartRunRequest, StartRunRequest__Output as _comity_v1_StartRunRequest__Output } from './comity/v1/StartRunRequest.js';
import type { StatBlobReply as _comity_v1_StatBlobReply, StatBlobReply__Output as _comity_v1_StatBlobReply__Output } from './comity/v1/StatBlobReply.js';
import type { StatBlobRequest as _comity_v1_StatBlobRequest, StatBlobRequest__Output as _comity_v1_StatBlobRequest__Output } from './comity/v1/StatBlobRequest.js';
import type { Task as _comity_v1_Task, Task__Output as _comity_v1_Task__Output } from './comity/v1/Task.js';
import type { TensorSpec as _comity_v1_TensorSpec, TensorSpec__Output as _comity_v1_TensorSpec__Output } from './comity/v1/TensorSpec.js';
import type { UploadHeader as _comity_v1_UploadHeader, UploadHeader__Output as _comity_v1_UploadHeader__Output } from './comity/v1/UploadHeader.js';
import type { UploadRequest as _comity_v1_UploadRequest, UploadRequest__Output as _comity_v1_UploadRequest__Output } from './comity/v1/UploadRequest.js';
import type { VerifyRunReply as _comity_v1_VerifyRunReply, VerifyRunReply__Output as _comity_v1_VerifyRunReply__Output } from './comity/v1/VerifyRunReply.js';
import type { VerifyRunRequest as _comity_v1_VerifyRunRequest, VerifyRunRequest__Output as _comity_v1_VerifyRunRequest__Output } from './comity/v1/VerifyRunRequest.js';
import type { WatchRunRequest as _comity_v1_WatchRunRequest, WatchRunRequest__Output as _comity_v1_WatchRunRequest__Output } from './comity/v1/WatchRunRequest.js';
import type { Welcome as _comity_v1_Welcome, Welcome__Output as _comity_v1_Welcome__Output } from './comity/v1/Welcome.js';
import type { WorkflowVersion as _comity_v1_WorkflowVersion, WorkflowVersion__Output as _comity_v1_WorkflowVersion__Output } from './comity/v1/WorkflowVersion.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  comity: {
    v1: {
      Accept: MessageTypeDefinition<_comity_v1_Accept, _comity_v1_Accept__Output>
      AddOperatorReply: MessageTypeDefinition<_comity_v1_AddOperatorReply, _comity_v1_AddOperatorReply__Output>
      AddOperatorRequest: MessageTypeDefinition<_comity_v1_AddOperatorRequest, _comity_v1_AddOperatorRequest__Output>
      /**
       * What a site's agent calls, over mTLS. Control messages go over Session; bytes have streams of their own, so that control is never stuck behind them.
       */
      Agent: SubtypeConstructor<typeof grpc.Client, _comity_v1_AgentClient> & { service: _comity_v1_AgentDefinition }
      AnswerRefused: MessageTypeDefinition<_comity_v1_AnswerRefused, _comity_v1_AnswerRefused__Output>
      Assignment: MessageTypeDefinition<_comity_v1_Assignment, _comity_v1_Assignment__Output>
      Blob: MessageTypeDefinition<_comity_v1_Blob, _comity_v1_Blob__Output>
      Cancel: MessageTypeDefinition<_comity_v1_Cancel, _comity_v1_Cancel__Output>
      CancelRunRequest: MessageTypeDefinition<_comity_v1_CancelRunRequest, _comity_v1_CancelRunRequest__Output>
      Catalogue: MessageTypeDefinition<_comity_v1_Catalogue, _comity_v1_Catalogue__Output>
      Chunk: MessageTypeDefinition<_comity_v1_Chunk, _comity_v1_Chunk__Output>
      Column: MessageTypeDefinition<_comity_v1_Column, _comity_v1_Column__Output>
      /**
       * What an operator does, over TLS with a bearer token. Every call that changes something carries an `op_id`.
       */
      Control: SubtypeConstructor<typeof grpc.Client, _comity_v1_ControlClient> & { service: _comity_v1_ControlDefinition }
      Dataset: MessageTypeDefinition<_comity_v1_Dataset, _comity_v1_Dataset__Output>
      DownloadRequest: MessageTypeDefinition<_comity_v1_DownloadRequest, _comity_v1_DownloadRequest__Output>
      Drain: MessageTypeDefinition<_comity_v1_Drain, _comity_v1_Drain__Output>
      DryRunReply: MessageTypeDefinition<_comity_v1_DryRunReply, _comity_v1_DryRunReply__Output>
      DryRunRequest: MessageTypeDefinition<_comity_v1_DryRunRequest, _comity_v1_DryRunRequest__Output>
      DryRunSite: MessageTypeDefinition<_comity_v1_DryRunSite, _comity_v1_DryRunSite__Output>
      DryRunStep: MessageTypeDefinition<_comity_v1_DryRunStep, _comity_v1_DryRunStep__Output>
      ExplainRunReply: MessageTypeDefinition<_comity_v1_ExplainRunReply, _comity_v1_ExplainRunReply__Output>
      ExplainRunRequest: MessageTypeDefinition<_comity_v1_ExplainRunRequest, _comity_v1_ExplainRunRequest__Output>
      Failed: MessageTypeDefinition<_comity_v1_Failed, _comity_v1_Failed__Output>
      FromAgent: MessageTypeDefinition<_comity_v1_FromAgent, _comity_v1_FromAgent__Output>
      FromHub: MessageTypeDefinition<_comity_v1_FromHub, _comity_v1_FromHub__Output>
      GetHubRequest: MessageTypeDefinition<_comity_v1_GetHubRequest, _comity_v1_GetHubRequest__Output>
      GetRunRequest: MessageTypeDefinition<_comity_v1_GetRunRequest, _comity_v1_GetRunRequest__Output>
      GetSiteRequest: MessageTypeDefinition<_comity_v1_GetSiteRequest, _comity_v1_GetSiteRequest__Output>
      GetWorkflowRequest: MessageTypeDefinition<_comity_v1_GetWorkflowRequest, _comity_v1_GetWorkflowRequest__Output>
      Heartbeat: MessageTypeDefinition<_comity_v1_Heartbeat, _comity_v1_Heartbeat__Output>
      Held: MessageTypeDefinition<_comity_v1_Held, _comity_v1_Held__Output>
      Hello: MessageTypeDefinition<_comity_v1_Hello, _comity_v1_Hello__Output>
      Hub: MessageTypeDefinition<_comity_v1_Hub, _comity_v1_Hub__Output>
      Input: MessageTypeDefinition<_comity_v1_Input, _comity_v1_Input__Output>
      InviteSiteReply: MessageTypeDefinition<_comity_v1_InviteSiteReply, _comity_v1_InviteSiteReply__Output>
      InviteSiteRequest: MessageTypeDefinition<_comity_v1_InviteSiteRequest, _comity_v1_InviteSiteRequest__Output>
      ListOperatorsReply: MessageTypeDefinition<_comity_v1_ListOperatorsReply, _comity_v1_ListOperatorsReply__Output>
      ListOperatorsRequest: MessageTypeDefinition<_comity_v1_ListOperatorsRequest, _comity_v1_ListOperatorsRequest__Output>
      ListRunsReply: MessageTypeDefinition<_comity_v1_ListRunsReply, _comity_v1_ListRunsReply__Output>
      ListRunsRequest: MessageTypeDefinition<_comity_v1_ListRunsRequest, _comity_v1_ListRunsRequest__Output>
      ListSitesReply: MessageTypeDefinition<_comity_v1_ListSitesReply, _comity_v1_ListSitesReply__Output>
      ListSitesRequest: MessageTypeDefinition<_comity_v1_ListSitesRequest, _comity_v1_ListSitesRequest__Output>
      ListWorkflowsReply: MessageTypeDefinition<_comity_v1_ListWorkflowsReply, _comity_v1_ListWorkflowsReply__Output>
      ListWorkflowsRequest: MessageTypeDefinition<_comity_v1_ListWorkflowsRequest, _comity_v1_ListWorkflowsRequest__Output>
      Offer: MessageTypeDefinition<_comity_v1_Offer, _comity_v1_Offer__Output>
      Operator: MessageTypeDefinition<_comity_v1_Operator, _comity_v1_Operator__Output>
      PauseRunRequest: MessageTypeDefinition<_comity_v1_PauseRunRequest, _comity_v1_PauseRunRequest__Output>
      Progress: MessageTypeDefinition<_comity_v1_Progress, _comity_v1_Progress__Output>
      PublishEventReply: MessageTypeDefinition<_comity_v1_PublishEventReply, _comity_v1_PublishEventReply__Output>
      PublishEventRequest: MessageTypeDefinition<_comity_v1_PublishEventRequest, _comity_v1_PublishEventRequest__Output>
      PublishWorkflowRequest: MessageTypeDefinition<_comity_v1_PublishWorkflowRequest, _comity_v1_PublishWorkflowRequest__Output>
      Reason: MessageTypeDefinition<_comity_v1_Reason, _comity_v1_Reason__Output>
      Receipt: MessageTypeDefinition<_comity_v1_Receipt, _comity_v1_Receipt__Output>
      Refuse: MessageTypeDefinition<_comity_v1_Refuse, _comity_v1_Refuse__Output>
      RemoveOperatorRequest: MessageTypeDefinition<_comity_v1_RemoveOperatorRequest, _comity_v1_RemoveOperatorRequest__Output>
      ResumeRunRequest: MessageTypeDefinition<_comity_v1_ResumeRunRequest, _comity_v1_ResumeRunRequest__Output>
      RetryRunRequest: MessageTypeDefinition<_comity_v1_RetryRunRequest, _comity_v1_RetryRunRequest__Output>
      RevokeSiteRequest: MessageTypeDefinition<_comity_v1_RevokeSiteRequest, _comity_v1_RevokeSiteRequest__Output>
      Round: MessageTypeDefinition<_comity_v1_Round, _comity_v1_Round__Output>
      Run: MessageTypeDefinition<_comity_v1_Run, _comity_v1_Run__Output>
      RunEnded: MessageTypeDefinition<_comity_v1_RunEnded, _comity_v1_RunEnded__Output>
      RunEvent: MessageTypeDefinition<_comity_v1_RunEvent, _comity_v1_RunEvent__Output>
      Site: MessageTypeDefinition<_comity_v1_Site, _comity_v1_Site__Output>
      SiteEvent: MessageTypeDefinition<_comity_v1_SiteEvent, _comity_v1_SiteEvent__Output>
      SiteEventReceipt: MessageTypeDefinition<_comity_v1_SiteEventReceipt, _comity_v1_SiteEventReceipt__Output>
      StartRunRequest: MessageTypeDefinition<_comity_v1_StartRunRequest, _comity_v1_StartRunRequest__Output>
      StatBlobReply: MessageTypeDefinition<_comity_v1_StatBlobReply, _comity_v1_StatBlobReply__Output>
      StatBlobRequest: MessageTypeDefinition<_comity_v1_StatBlobRequest, _comity_v1_StatBlobRequest__Output>
      Task: MessageTypeDefinition<_comity_v1_Task, _comity_v1_Task__Output>
      TensorSpec: MessageTypeDefinition<_comity_v1_TensorSpec, _comity_v1_TensorSpec__Output>
      UploadHeader: MessageTypeDefinition<_comity_v1_UploadHeader, _comity_v1_UploadHeader__Output>
      UploadRequest: MessageTypeDefinition<_comity_v1_UploadRequest, _comity_v1_UploadRequest__Output>
      VerifyRunReply: MessageTypeDefinition<_comity_v1_VerifyRunReply, _comity_v1_VerifyRunReply__Output>
      VerifyRunRequest: MessageTypeDefinition<_comity_v1_VerifyRunRequest, _comity_v1_VerifyRunRequest__Output>
      WatchRunRequest: MessageTypeDefinition<_comity_v1_WatchRunRequest, _comity_v1_WatchRunRequest__Output>
      Welcome: MessageTypeDefinition<_comity_v1_Welcome, _comity_v1_Welcome__Output>
      WorkflowVersion: MessageTypeDefinition<_comity_v1_WorkflowVersion, _comity_v1_WorkflowVersion__Output>
    }
  }
}

