import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Chunk as _comity_v1_Chunk, Chunk__Output as _comity_v1_Chunk__Output } from '../../comity/v1/Chunk.js';
import type { DownloadModelRequest as _comity_v1_DownloadModelRequest, DownloadModelRequest__Output as _comity_v1_DownloadModelRequest__Output } from '../../comity/v1/DownloadModelRequest.js';
import type { GetModelRequest as _comity_v1_GetModelRequest, GetModelRequest__Output as _comity_v1_GetModelRequest__Output } from '../../comity/v1/GetModelRequest.js';
import type { GetResultRequest as _comity_v1_GetResultRequest, GetResultRequest__Output as _comity_v1_GetResultRequest__Output } from '../../comity/v1/GetResultRequest.js';
import type { ListModelsReply as _comity_v1_ListModelsReply, ListModelsReply__Output as _comity_v1_ListModelsReply__Output } from '../../comity/v1/ListModelsReply.js';
import type { ListModelsRequest as _comity_v1_ListModelsRequest, ListModelsRequest__Output as _comity_v1_ListModelsRequest__Output } from '../../comity/v1/ListModelsRequest.js';
import type { ListResultsReply as _comity_v1_ListResultsReply, ListResultsReply__Output as _comity_v1_ListResultsReply__Output } from '../../comity/v1/ListResultsReply.js';
import type { ListResultsRequest as _comity_v1_ListResultsRequest, ListResultsRequest__Output as _comity_v1_ListResultsRequest__Output } from '../../comity/v1/ListResultsRequest.js';
import type { Model as _comity_v1_Model, Model__Output as _comity_v1_Model__Output } from '../../comity/v1/Model.js';
import type { Result as _comity_v1_Result, Result__Output as _comity_v1_Result__Output } from '../../comity/v1/Result.js';

/**
 * Aggregated results and models, for operators (bearer token) and for sites (mTLS). Nothing here comes from one site alone.
 */
export interface ResultsClient extends grpc.Client {
  /**
   * A model version's bytes: safetensors.
   */
  DownloadModel(argument: _comity_v1_DownloadModelRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_comity_v1_Chunk__Output>;
  DownloadModel(argument: _comity_v1_DownloadModelRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_comity_v1_Chunk__Output>;
  /**
   * A model version's bytes: safetensors.
   */
  downloadModel(argument: _comity_v1_DownloadModelRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_comity_v1_Chunk__Output>;
  downloadModel(argument: _comity_v1_DownloadModelRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_comity_v1_Chunk__Output>;
  
  GetModel(argument: _comity_v1_GetModelRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Model__Output>): grpc.ClientUnaryCall;
  GetModel(argument: _comity_v1_GetModelRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Model__Output>): grpc.ClientUnaryCall;
  GetModel(argument: _comity_v1_GetModelRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Model__Output>): grpc.ClientUnaryCall;
  GetModel(argument: _comity_v1_GetModelRequest, callback: grpc.requestCallback<_comity_v1_Model__Output>): grpc.ClientUnaryCall;
  getModel(argument: _comity_v1_GetModelRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Model__Output>): grpc.ClientUnaryCall;
  getModel(argument: _comity_v1_GetModelRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Model__Output>): grpc.ClientUnaryCall;
  getModel(argument: _comity_v1_GetModelRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Model__Output>): grpc.ClientUnaryCall;
  getModel(argument: _comity_v1_GetModelRequest, callback: grpc.requestCallback<_comity_v1_Model__Output>): grpc.ClientUnaryCall;
  
  GetResult(argument: _comity_v1_GetResultRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Result__Output>): grpc.ClientUnaryCall;
  GetResult(argument: _comity_v1_GetResultRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Result__Output>): grpc.ClientUnaryCall;
  GetResult(argument: _comity_v1_GetResultRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Result__Output>): grpc.ClientUnaryCall;
  GetResult(argument: _comity_v1_GetResultRequest, callback: grpc.requestCallback<_comity_v1_Result__Output>): grpc.ClientUnaryCall;
  getResult(argument: _comity_v1_GetResultRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Result__Output>): grpc.ClientUnaryCall;
  getResult(argument: _comity_v1_GetResultRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Result__Output>): grpc.ClientUnaryCall;
  getResult(argument: _comity_v1_GetResultRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Result__Output>): grpc.ClientUnaryCall;
  getResult(argument: _comity_v1_GetResultRequest, callback: grpc.requestCallback<_comity_v1_Result__Output>): grpc.ClientUnaryCall;
  
  ListModels(argument: _comity_v1_ListModelsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListModelsReply__Output>): grpc.ClientUnaryCall;
  ListModels(argument: _comity_v1_ListModelsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_ListModelsReply__Output>): grpc.ClientUnaryCall;
  ListModels(argument: _comity_v1_ListModelsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListModelsReply__Output>): grpc.ClientUnaryCall;
  ListModels(argument: _comity_v1_ListModelsRequest, callback: grpc.requestCallback<_comity_v1_ListModelsReply__Output>): grpc.ClientUnaryCall;
  listModels(argument: _comity_v1_ListModelsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListModelsReply__Output>): grpc.ClientUnaryCall;
  listModels(argument: _comity_v1_ListModelsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_ListModelsReply__Output>): grpc.ClientUnaryCall;
  listModels(argument: _comity_v1_ListModelsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListModelsReply__Output>): grpc.ClientUnaryCall;
  listModels(argument: _comity_v1_ListModelsRequest, callback: grpc.requestCallback<_comity_v1_ListModelsReply__Output>): grpc.ClientUnaryCall;
  
  ListResults(argument: _comity_v1_ListResultsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListResultsReply__Output>): grpc.ClientUnaryCall;
  ListResults(argument: _comity_v1_ListResultsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_ListResultsReply__Output>): grpc.ClientUnaryCall;
  ListResults(argument: _comity_v1_ListResultsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListResultsReply__Output>): grpc.ClientUnaryCall;
  ListResults(argument: _comity_v1_ListResultsRequest, callback: grpc.requestCallback<_comity_v1_ListResultsReply__Output>): grpc.ClientUnaryCall;
  listResults(argument: _comity_v1_ListResultsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListResultsReply__Output>): grpc.ClientUnaryCall;
  listResults(argument: _comity_v1_ListResultsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_ListResultsReply__Output>): grpc.ClientUnaryCall;
  listResults(argument: _comity_v1_ListResultsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_ListResultsReply__Output>): grpc.ClientUnaryCall;
  listResults(argument: _comity_v1_ListResultsRequest, callback: grpc.requestCallback<_comity_v1_ListResultsReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * The result after each round, beginning with the present state, until the run has ended.
   */
  WatchResult(argument: _comity_v1_GetResultRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_comity_v1_Result__Output>;
  WatchResult(argument: _comity_v1_GetResultRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_comity_v1_Result__Output>;
  /**
   * The result after each round, beginning with the present state, until the run has ended.
   */
  watchResult(argument: _comity_v1_GetResultRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_comity_v1_Result__Output>;
  watchResult(argument: _comity_v1_GetResultRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_comity_v1_Result__Output>;
  
}

/**
 * Aggregated results and models, for operators (bearer token) and for sites (mTLS). Nothing here comes from one site alone.
 */
export interface ResultsHandlers extends grpc.UntypedServiceImplementation {
  /**
   * A model version's bytes: safetensors.
   */
  DownloadModel: grpc.handleServerStreamingCall<_comity_v1_DownloadModelRequest__Output, _comity_v1_Chunk>;
  
  GetModel: grpc.handleUnaryCall<_comity_v1_GetModelRequest__Output, _comity_v1_Model>;
  
  GetResult: grpc.handleUnaryCall<_comity_v1_GetResultRequest__Output, _comity_v1_Result>;
  
  ListModels: grpc.handleUnaryCall<_comity_v1_ListModelsRequest__Output, _comity_v1_ListModelsReply>;
  
  ListResults: grpc.handleUnaryCall<_comity_v1_ListResultsRequest__Output, _comity_v1_ListResultsReply>;
  
  /**
   * The result after each round, beginning with the present state, until the run has ended.
   */
  WatchResult: grpc.handleServerStreamingCall<_comity_v1_GetResultRequest__Output, _comity_v1_Result>;
  
}

export interface ResultsDefinition extends grpc.ServiceDefinition {
  DownloadModel: MethodDefinition<_comity_v1_DownloadModelRequest, _comity_v1_Chunk, _comity_v1_DownloadModelRequest__Output, _comity_v1_Chunk__Output>
  GetModel: MethodDefinition<_comity_v1_GetModelRequest, _comity_v1_Model, _comity_v1_GetModelRequest__Output, _comity_v1_Model__Output>
  GetResult: MethodDefinition<_comity_v1_GetResultRequest, _comity_v1_Result, _comity_v1_GetResultRequest__Output, _comity_v1_Result__Output>
  ListModels: MethodDefinition<_comity_v1_ListModelsRequest, _comity_v1_ListModelsReply, _comity_v1_ListModelsRequest__Output, _comity_v1_ListModelsReply__Output>
  ListResults: MethodDefinition<_comity_v1_ListResultsRequest, _comity_v1_ListResultsReply, _comity_v1_ListResultsRequest__Output, _comity_v1_ListResultsReply__Output>
  WatchResult: MethodDefinition<_comity_v1_GetResultRequest, _comity_v1_Result, _comity_v1_GetResultRequest__Output, _comity_v1_Result__Output>
}
