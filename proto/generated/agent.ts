import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Accept as _comity_v1_Accept, Accept__Output as _comity_v1_Accept__Output } from './comity/v1/Accept.js';
import type { AgentClient as _comity_v1_AgentClient, AgentDefinition as _comity_v1_AgentDefinition } from './comity/v1/Agent.js';
import type { AnswerRefused as _comity_v1_AnswerRefused, AnswerRefused__Output as _comity_v1_AnswerRefused__Output } from './comity/v1/AnswerRefused.js';
import type { Blob as _comity_v1_Blob, Blob__Output as _comity_v1_Blob__Output } from './comity/v1/Blob.js';
import type { Cancel as _comity_v1_Cancel, Cancel__Output as _comity_v1_Cancel__Output } from './comity/v1/Cancel.js';
import type { Catalogue as _comity_v1_Catalogue, Catalogue__Output as _comity_v1_Catalogue__Output } from './comity/v1/Catalogue.js';
import type { Chunk as _comity_v1_Chunk, Chunk__Output as _comity_v1_Chunk__Output } from './comity/v1/Chunk.js';
import type { Column as _comity_v1_Column, Column__Output as _comity_v1_Column__Output } from './comity/v1/Column.js';
import type { Dataset as _comity_v1_Dataset, Dataset__Output as _comity_v1_Dataset__Output } from './comity/v1/Dataset.js';
import type { DownloadRequest as _comity_v1_DownloadRequest, DownloadRequest__Output as _comity_v1_DownloadRequest__Output } from './comity/v1/DownloadRequest.js';
import type { Drain as _comity_v1_Drain, Drain__Output as _comity_v1_Drain__Output } from './comity/v1/Drain.js';
import type { Failed as _comity_v1_Failed, Failed__Output as _comity_v1_Failed__Output } from './comity/v1/Failed.js';
import type { FromAgent as _comity_v1_FromAgent, FromAgent__Output as _comity_v1_FromAgent__Output } from './comity/v1/FromAgent.js';
import type { FromHub as _comity_v1_FromHub, FromHub__Output as _comity_v1_FromHub__Output } from './comity/v1/FromHub.js';
import type { Heartbeat as _comity_v1_Heartbeat, Heartbeat__Output as _comity_v1_Heartbeat__Output } from './comity/v1/Heartbeat.js';
import type { Held as _comity_v1_Held, Held__Output as _comity_v1_Held__Output } from './comity/v1/Held.js';
import type { Hello as _comity_v1_Hello, Hello__Output as _comity_v1_Hello__Output } from './comity/v1/Hello.js';
import type { Input as _comity_v1_Input, Input__Output as _comity_v1_Input__Output } from './comity/v1/Input.js';
import type { Offer as _comity_v1_Offer, Offer__Output as _comity_v1_Offer__Output } from './comity/v1/Offer.js';
import type { Progress as _comity_v1_Progress, Progress__Output as _comity_v1_Progress__Output } from './comity/v1/Progress.js';
import type { Receipt as _comity_v1_Receipt, Receipt__Output as _comity_v1_Receipt__Output } from './comity/v1/Receipt.js';
import type { Refuse as _comity_v1_Refuse, Refuse__Output as _comity_v1_Refuse__Output } from './comity/v1/Refuse.js';
import type { RunEnded as _comity_v1_RunEnded, RunEnded__Output as _comity_v1_RunEnded__Output } from './comity/v1/RunEnded.js';
import type { RunEvent as _comity_v1_RunEvent, RunEvent__Output as _comity_v1_RunEvent__Output } from './comity/v1/RunEvent.js';
import type { SiteEvent as _comity_v1_SiteEvent, SiteEvent__Output as _comity_v1_SiteEvent__Output } from './comity/v1/SiteEvent.js';
import type { SiteEventReceipt as _comity_v1_SiteEventReceipt, SiteEventReceipt__Output as _comity_v1_SiteEventReceipt__Output } from './comity/v1/SiteEventReceipt.js';
import type { StatBlobReply as _comity_v1_StatBlobReply, StatBlobReply__Output as _comity_v1_StatBlobReply__Output } from './comity/v1/StatBlobReply.js';
import type { StatBlobRequest as _comity_v1_StatBlobRequest, StatBlobRequest__Output as _comity_v1_StatBlobRequest__Output } from './comity/v1/StatBlobRequest.js';
import type { TensorSpec as _comity_v1_TensorSpec, TensorSpec__Output as _comity_v1_TensorSpec__Output } from './comity/v1/TensorSpec.js';
import type { UploadHeader as _comity_v1_UploadHeader, UploadHeader__Output as _comity_v1_UploadHeader__Output } from './comity/v1/UploadHeader.js';
import type { UploadRequest as _comity_v1_UploadRequest, UploadRequest__Output as _comity_v1_UploadRequest__Output } from './comity/v1/UploadRequest.js';
import type { Welcome as _comity_v1_Welcome, Welcome__Output as _comity_v1_Welcome__Output } from './comity/v1/Welcome.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  comity: {
    v1: {
      Accept: MessageTypeDefinition<_comity_v1_Accept, _comity_v1_Accept__Output>
      /**
       * What a site's agent calls, over mTLS. Control messages go over Session; bytes have streams of their own, so that control is never stuck behind them.
       */
      Agent: SubtypeConstructor<typeof grpc.Client, _comity_v1_AgentClient> & { service: _comity_v1_AgentDefinition }
      AnswerRefused: MessageTypeDefinition<_comity_v1_AnswerRefused, _comity_v1_AnswerRefused__Output>
      Blob: MessageTypeDefinition<_comity_v1_Blob, _comity_v1_Blob__Output>
      Cancel: MessageTypeDefinition<_comity_v1_Cancel, _comity_v1_Cancel__Output>
      Catalogue: MessageTypeDefinition<_comity_v1_Catalogue, _comity_v1_Catalogue__Output>
      Chunk: MessageTypeDefinition<_comity_v1_Chunk, _comity_v1_Chunk__Output>
      Column: MessageTypeDefinition<_comity_v1_Column, _comity_v1_Column__Output>
      Dataset: MessageTypeDefinition<_comity_v1_Dataset, _comity_v1_Dataset__Output>
      DownloadRequest: MessageTypeDefinition<_comity_v1_DownloadRequest, _comity_v1_DownloadRequest__Output>
      Drain: MessageTypeDefinition<_comity_v1_Drain, _comity_v1_Drain__Output>
      Failed: MessageTypeDefinition<_comity_v1_Failed, _comity_v1_Failed__Output>
      FromAgent: MessageTypeDefinition<_comity_v1_FromAgent, _comity_v1_FromAgent__Output>
      FromHub: MessageTypeDefinition<_comity_v1_FromHub, _comity_v1_FromHub__Output>
      Heartbeat: MessageTypeDefinition<_comity_v1_Heartbeat, _comity_v1_Heartbeat__Output>
      Held: MessageTypeDefinition<_comity_v1_Held, _comity_v1_Held__Output>
      Hello: MessageTypeDefinition<_comity_v1_Hello, _comity_v1_Hello__Output>
      Input: MessageTypeDefinition<_comity_v1_Input, _comity_v1_Input__Output>
      Offer: MessageTypeDefinition<_comity_v1_Offer, _comity_v1_Offer__Output>
      Progress: MessageTypeDefinition<_comity_v1_Progress, _comity_v1_Progress__Output>
      Receipt: MessageTypeDefinition<_comity_v1_Receipt, _comity_v1_Receipt__Output>
      Refuse: MessageTypeDefinition<_comity_v1_Refuse, _comity_v1_Refuse__Output>
      RunEnded: MessageTypeDefinition<_comity_v1_RunEnded, _comity_v1_RunEnded__Output>
      RunEvent: MessageTypeDefinition<_comity_v1_RunEvent, _comity_v1_RunEvent__Output>
      SiteEvent: MessageTypeDefinition<_comity_v1_SiteEvent, _comity_v1_SiteEvent__Output>
      SiteEventReceipt: MessageTypeDefinition<_comity_v1_SiteEventReceipt, _comity_v1_SiteEventReceipt__Output>
      StatBlobReply: MessageTypeDefinition<_comity_v1_StatBlobReply, _comity_v1_StatBlobReply__Output>
      StatBlobRequest: MessageTypeDefinition<_comity_v1_StatBlobRequest, _comity_v1_StatBlobRequest__Output>
      TensorSpec: MessageTypeDefinition<_comity_v1_TensorSpec, _comity_v1_TensorSpec__Output>
      UploadHeader: MessageTypeDefinition<_comity_v1_UploadHeader, _comity_v1_UploadHeader__Output>
      UploadRequest: MessageTypeDefinition<_comity_v1_UploadRequest, _comity_v1_UploadRequest__Output>
      Welcome: MessageTypeDefinition<_comity_v1_Welcome, _comity_v1_Welcome__Output>
    }
  }
}

