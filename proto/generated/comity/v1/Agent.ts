import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Chunk as _comity_v1_Chunk, Chunk__Output as _comity_v1_Chunk__Output } from '../../comity/v1/Chunk.js';
import type { DownloadRequest as _comity_v1_DownloadRequest, DownloadRequest__Output as _comity_v1_DownloadRequest__Output } from '../../comity/v1/DownloadRequest.js';
import type { FromAgent as _comity_v1_FromAgent, FromAgent__Output as _comity_v1_FromAgent__Output } from '../../comity/v1/FromAgent.js';
import type { FromHub as _comity_v1_FromHub, FromHub__Output as _comity_v1_FromHub__Output } from '../../comity/v1/FromHub.js';
import type { Receipt as _comity_v1_Receipt, Receipt__Output as _comity_v1_Receipt__Output } from '../../comity/v1/Receipt.js';
import type { StatBlobReply as _comity_v1_StatBlobReply, StatBlobReply__Output as _comity_v1_StatBlobReply__Output } from '../../comity/v1/StatBlobReply.js';
import type { StatBlobRequest as _comity_v1_StatBlobRequest, StatBlobRequest__Output as _comity_v1_StatBlobRequest__Output } from '../../comity/v1/StatBlobRequest.js';
import type { UploadRequest as _comity_v1_UploadRequest, UploadRequest__Output as _comity_v1_UploadRequest__Output } from '../../comity/v1/UploadRequest.js';

/**
 * What a site's agent calls, over mTLS. Control messages go over Session; bytes have streams of their own, so that control is never stuck behind them.
 */
export interface AgentClient extends grpc.Client {
  /**
   * A blob that one of the site's open assignments names, from an offset.
   */
  Download(argument: _comity_v1_DownloadRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_comity_v1_Chunk__Output>;
  Download(argument: _comity_v1_DownloadRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_comity_v1_Chunk__Output>;
  /**
   * A blob that one of the site's open assignments names, from an offset.
   */
  download(argument: _comity_v1_DownloadRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_comity_v1_Chunk__Output>;
  download(argument: _comity_v1_DownloadRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_comity_v1_Chunk__Output>;
  
  /**
   * One for each agent; a newer one of the same identity replaces the older. The hub pushes, nobody polls.
   */
  Session(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_comity_v1_FromAgent, _comity_v1_FromHub__Output>;
  Session(options?: grpc.CallOptions): grpc.ClientDuplexStream<_comity_v1_FromAgent, _comity_v1_FromHub__Output>;
  /**
   * One for each agent; a newer one of the same identity replaces the older. The hub pushes, nobody polls.
   */
  session(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_comity_v1_FromAgent, _comity_v1_FromHub__Output>;
  session(options?: grpc.CallOptions): grpc.ClientDuplexStream<_comity_v1_FromAgent, _comity_v1_FromHub__Output>;
  
  /**
   * How much of an assignment's update the hub has stored, so that an interrupted upload goes on from there.
   */
  StatBlob(argument: _comity_v1_StatBlobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_StatBlobReply__Output>): grpc.ClientUnaryCall;
  StatBlob(argument: _comity_v1_StatBlobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_StatBlobReply__Output>): grpc.ClientUnaryCall;
  StatBlob(argument: _comity_v1_StatBlobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_StatBlobReply__Output>): grpc.ClientUnaryCall;
  StatBlob(argument: _comity_v1_StatBlobRequest, callback: grpc.requestCallback<_comity_v1_StatBlobReply__Output>): grpc.ClientUnaryCall;
  /**
   * How much of an assignment's update the hub has stored, so that an interrupted upload goes on from there.
   */
  statBlob(argument: _comity_v1_StatBlobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_StatBlobReply__Output>): grpc.ClientUnaryCall;
  statBlob(argument: _comity_v1_StatBlobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_StatBlobReply__Output>): grpc.ClientUnaryCall;
  statBlob(argument: _comity_v1_StatBlobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_StatBlobReply__Output>): grpc.ClientUnaryCall;
  statBlob(argument: _comity_v1_StatBlobRequest, callback: grpc.requestCallback<_comity_v1_StatBlobReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * The answer to one assignment: its header, then the update's bytes if there are any. The receipt leaves after commit and fsync.
   */
  Upload(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Receipt__Output>): grpc.ClientWritableStream<_comity_v1_UploadRequest>;
  Upload(metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Receipt__Output>): grpc.ClientWritableStream<_comity_v1_UploadRequest>;
  Upload(options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Receipt__Output>): grpc.ClientWritableStream<_comity_v1_UploadRequest>;
  Upload(callback: grpc.requestCallback<_comity_v1_Receipt__Output>): grpc.ClientWritableStream<_comity_v1_UploadRequest>;
  /**
   * The answer to one assignment: its header, then the update's bytes if there are any. The receipt leaves after commit and fsync.
   */
  upload(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Receipt__Output>): grpc.ClientWritableStream<_comity_v1_UploadRequest>;
  upload(metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_Receipt__Output>): grpc.ClientWritableStream<_comity_v1_UploadRequest>;
  upload(options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_Receipt__Output>): grpc.ClientWritableStream<_comity_v1_UploadRequest>;
  upload(callback: grpc.requestCallback<_comity_v1_Receipt__Output>): grpc.ClientWritableStream<_comity_v1_UploadRequest>;
  
}

/**
 * What a site's agent calls, over mTLS. Control messages go over Session; bytes have streams of their own, so that control is never stuck behind them.
 */
export interface AgentHandlers extends grpc.UntypedServiceImplementation {
  /**
   * A blob that one of the site's open assignments names, from an offset.
   */
  Download: grpc.handleServerStreamingCall<_comity_v1_DownloadRequest__Output, _comity_v1_Chunk>;
  
  /**
   * One for each agent; a newer one of the same identity replaces the older. The hub pushes, nobody polls.
   */
  Session: grpc.handleBidiStreamingCall<_comity_v1_FromAgent__Output, _comity_v1_FromHub>;
  
  /**
   * How much of an assignment's update the hub has stored, so that an interrupted upload goes on from there.
   */
  StatBlob: grpc.handleUnaryCall<_comity_v1_StatBlobRequest__Output, _comity_v1_StatBlobReply>;
  
  /**
   * The answer to one assignment: its header, then the update's bytes if there are any. The receipt leaves after commit and fsync.
   */
  Upload: grpc.handleClientStreamingCall<_comity_v1_UploadRequest__Output, _comity_v1_Receipt>;
  
}

export interface AgentDefinition extends grpc.ServiceDefinition {
  Download: MethodDefinition<_comity_v1_DownloadRequest, _comity_v1_Chunk, _comity_v1_DownloadRequest__Output, _comity_v1_Chunk__Output>
  Session: MethodDefinition<_comity_v1_FromAgent, _comity_v1_FromHub, _comity_v1_FromAgent__Output, _comity_v1_FromHub__Output>
  StatBlob: MethodDefinition<_comity_v1_StatBlobRequest, _comity_v1_StatBlobReply, _comity_v1_StatBlobRequest__Output, _comity_v1_StatBlobReply__Output>
  Upload: MethodDefinition<_comity_v1_UploadRequest, _comity_v1_Receipt, _comity_v1_UploadRequest__Output, _comity_v1_Receipt__Output>
}
