import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Blob as _comity_v1_Blob, Blob__Output as _comity_v1_Blob__Output } from './comity/v1/Blob.js';
import type { Chunk as _comity_v1_Chunk, Chunk__Output as _comity_v1_Chunk__Output } from './comity/v1/Chunk.js';
import type { DownloadModelRequest as _comity_v1_DownloadModelRequest, DownloadModelRequest__Output as _comity_v1_DownloadModelRequest__Output } from './comity/v1/DownloadModelRequest.js';
import type { GetModelRequest as _comity_v1_GetModelRequest, GetModelRequest__Output as _comity_v1_GetModelRequest__Output } from './comity/v1/GetModelRequest.js';
import type { GetResultRequest as _comity_v1_GetResultRequest, GetResultRequest__Output as _comity_v1_GetResultRequest__Output } from './comity/v1/GetResultRequest.js';
import type { ListModelsReply as _comity_v1_ListModelsReply, ListModelsReply__Output as _comity_v1_ListModelsReply__Output } from './comity/v1/ListModelsReply.js';
import type { ListModelsRequest as _comity_v1_ListModelsRequest, ListModelsRequest__Output as _comity_v1_ListModelsRequest__Output } from './comity/v1/ListModelsRequest.js';
import type { ListResultsReply as _comity_v1_ListResultsReply, ListResultsReply__Output as _comity_v1_ListResultsReply__Output } from './comity/v1/ListResultsReply.js';
import type { ListResultsRequest as _comity_v1_ListResultsRequest, ListResultsRequest__Output as _comity_v1_ListResultsRequest__Output } from './comity/v1/ListResultsRequest.js';
import type { Model as _comity_v1_Model, Model__Output as _comity_v1_Model__Output } from './comity/v1/Model.js';
import type { ModelVersion as _comity_v1_ModelVersion, ModelVersion__Output as _comity_v1_ModelVersion__Output } from './comity/v1/ModelVersion.js';
import type { Result as _comity_v1_Result, Result__Output as _comity_v1_Result__Output } from './comity/v1/Result.js';
import type { ResultsClient as _comity_v1_ResultsClient, ResultsDefinition as _comity_v1_ResultsDefinition } from './comity/v1/Results.js';
import type { RoundResult as _comity_v1_RoundResult, RoundResult__Output as _comity_v1_RoundResult__Output } from './comity/v1/RoundResult.js';
import type { RunEvent as _comity_v1_RunEvent, RunEvent__Output as _comity_v1_RunEvent__Output } from './comity/v1/RunEvent.js';
import type { TensorSpec as _comity_v1_TensorSpec, TensorSpec__Output as _comity_v1_TensorSpec__Output } from './comity/v1/TensorSpec.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  comity: {
    v1: {
      Blob: MessageTypeDefinition<_comity_v1_Blob, _comity_v1_Blob__Output>
      Chunk: MessageTypeDefinition<_comity_v1_Chunk, _comity_v1_Chunk__Output>
      DownloadModelRequest: MessageTypeDefinition<_comity_v1_DownloadModelRequest, _comity_v1_DownloadModelRequest__Output>
      GetModelRequest: MessageTypeDefinition<_comity_v1_GetModelRequest, _comity_v1_GetModelRequest__Output>
      GetResultRequest: MessageTypeDefinition<_comity_v1_GetResultRequest, _comity_v1_GetResultRequest__Output>
      ListModelsReply: MessageTypeDefinition<_comity_v1_ListModelsReply, _comity_v1_ListModelsReply__Output>
      ListModelsRequest: MessageTypeDefinition<_comity_v1_ListModelsRequest, _comity_v1_ListModelsRequest__Output>
      ListResultsReply: MessageTypeDefinition<_comity_v1_ListResultsReply, _comity_v1_ListResultsReply__Output>
      ListResultsRequest: MessageTypeDefinition<_comity_v1_ListResultsRequest, _comity_v1_ListResultsRequest__Output>
      Model: MessageTypeDefinition<_comity_v1_Model, _comity_v1_Model__Output>
      ModelVersion: MessageTypeDefinition<_comity_v1_ModelVersion, _comity_v1_ModelVersion__Output>
      Result: MessageTypeDefinition<_comity_v1_Result, _comity_v1_Result__Output>
      /**
       * Aggregated results and models, for operators (bearer token) and for sites (mTLS). Nothing here comes from one site alone.
       */
      Results: SubtypeConstructor<typeof grpc.Client, _comity_v1_ResultsClient> & { service: _comity_v1_ResultsDefinition }
      RoundResult: MessageTypeDefinition<_comity_v1_RoundResult, _comity_v1_RoundResult__Output>
      RunEvent: MessageTypeDefinition<_comity_v1_RunEvent, _comity_v1_RunEvent__Output>
      TensorSpec: MessageTypeDefinition<_comity_v1_TensorSpec, _comity_v1_TensorSpec__Output>
    }
  }
}

