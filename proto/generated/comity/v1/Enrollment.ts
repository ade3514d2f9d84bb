import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { JoinReply as _comity_v1_JoinReply, JoinReply__Output as _comity_v1_JoinReply__Output } from '../../comity/v1/JoinReply.js';
import type { JoinRequest as _comity_v1_JoinRequest, JoinRequest__Output as _comity_v1_JoinRequest__Output } from '../../comity/v1/JoinRequest.js';
import type { RenewExpiredRequest as _comity_v1_RenewExpiredRequest, RenewExpiredRequest__Output as _comity_v1_RenewExpiredRequest__Output } from '../../comity/v1/RenewExpiredRequest.js';
import type { RenewReply as _comity_v1_RenewReply, RenewReply__Output as _comity_v1_RenewReply__Output } from '../../comity/v1/RenewReply.js';
import type { RenewRequest as _comity_v1_RenewRequest, RenewRequest__Output as _comity_v1_RenewRequest__Output } from '../../comity/v1/RenewRequest.js';

/**
 * How an agent gets, and keeps, its identity.
 */
export interface EnrollmentClient extends grpc.Client {
  /**
   * On the control port, TLS with the pinned root. The token is single use: single key. A repeated call with the same key returns the same certificate.
   */
  Join(argument: _comity_v1_JoinRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  Join(argument: _comity_v1_JoinRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  Join(argument: _comity_v1_JoinRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  Join(argument: _comity_v1_JoinRequest, callback: grpc.requestCallback<_comity_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  /**
   * On the control port, TLS with the pinned root. The token is single use: single key. A repeated call with the same key returns the same certificate.
   */
  join(argument: _comity_v1_JoinRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  join(argument: _comity_v1_JoinRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  join(argument: _comity_v1_JoinRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  join(argument: _comity_v1_JoinRequest, callback: grpc.requestCallback<_comity_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * On the agent port, over mTLS with the present certificate; the request carries a new key.
   */
  Renew(argument: _comity_v1_RenewRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  Renew(argument: _comity_v1_RenewRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  Renew(argument: _comity_v1_RenewRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  Renew(argument: _comity_v1_RenewRequest, callback: grpc.requestCallback<_comity_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  /**
   * On the agent port, over mTLS with the present certificate; the request carries a new key.
   */
  renew(argument: _comity_v1_RenewRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  renew(argument: _comity_v1_RenewRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  renew(argument: _comity_v1_RenewRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  renew(argument: _comity_v1_RenewRequest, callback: grpc.requestCallback<_comity_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * On the control port, for a site that was switched off longer than its certificate lived.
   */
  RenewExpired(argument: _comity_v1_RenewExpiredRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  RenewExpired(argument: _comity_v1_RenewExpiredRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  RenewExpired(argument: _comity_v1_RenewExpiredRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  RenewExpired(argument: _comity_v1_RenewExpiredRequest, callback: grpc.requestCallback<_comity_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  /**
   * On the control port, for a site that was switched off longer than its certificate lived.
   */
  renewExpired(argument: _comity_v1_RenewExpiredRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  renewExpired(argument: _comity_v1_RenewExpiredRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_comity_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  renewExpired(argument: _comity_v1_RenewExpiredRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_comity_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  renewExpired(argument: _comity_v1_RenewExpiredRequest, callback: grpc.requestCallback<_comity_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  
}

/**
 * How an agent gets, and keeps, its identity.
 */
export interface EnrollmentHandlers extends grpc.UntypedServiceImplementation {
  /**
   * On the control port, TLS with the pinned root. The token is single use: single key. A repeated call with the same key returns the same certificate.
   */
  Join: grpc.handleUnaryCall<_comity_v1_JoinRequest__Output, _comity_v1_JoinReply>;
  
  /**
   * On the agent port, over mTLS with the present certificate; the request carries a new key.
   */
  Renew: grpc.handleUnaryCall<_comity_v1_RenewRequest__Output, _comity_v1_RenewReply>;
  
  /**
   * On the control port, for a site that was switched off longer than its certificate lived.
   */
  RenewExpired: grpc.handleUnaryCall<_comity_v1_RenewExpiredRequest__Output, _comity_v1_RenewReply>;
  
}

export interface EnrollmentDefinition extends grpc.ServiceDefinition {
  Join: MethodDefinition<_comity_v1_JoinRequest, _comity_v1_JoinReply, _comity_v1_JoinRequest__Output, _comity_v1_JoinReply__Output>
  Renew: MethodDefinition<_comity_v1_RenewRequest, _comity_v1_RenewReply, _comity_v1_RenewRequest__Output, _comity_v1_RenewReply__Output>
  RenewExpired: MethodDefinition<_comity_v1_RenewExpiredRequest, _comity_v1_RenewReply, _comity_v1_RenewExpiredRequest__Output, _comity_v1_RenewReply__Output>
}
