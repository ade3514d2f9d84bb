import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { EnrollmentClient as _comity_v1_EnrollmentClient, EnrollmentDefinition as _comity_v1_EnrollmentDefinition } from './comity/v1/Enrollment.js';
import type { JoinReply as _comity_v1_JoinReply, JoinReply__Output as _comity_v1_JoinReply__Output } from './comity/v1/JoinReply.js';
import type { JoinRequest as _comity_v1_JoinRequest, JoinRequest__Output as _comity_v1_JoinRequest__Output } from './comity/v1/JoinRequest.js';
import type { RenewExpiredRequest as _comity_v1_RenewExpiredRequest, RenewExpiredRequest__Output as _comity_v1_RenewExpiredRequest__Output } from './comity/v1/RenewExpiredRequest.js';
import type { RenewReply as _comity_v1_RenewReply, RenewReply__Output as _comity_v1_RenewReply__Output } from './comity/v1/RenewReply.js';
import type { RenewRequest as _comity_v1_RenewRequest, RenewRequest__Output as _comity_v1_RenewRequest__Output } from './comity/v1/RenewRequest.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  comity: {
    v1: {
      /**
       * How an agent gets, and keeps, its identity.
       */
      Enrollment: SubtypeConstructor<typeof grpc.Client, _comity_v1_EnrollmentClient> & { service: _comity_v1_EnrollmentDefinition }
      JoinReply: MessageTypeDefinition<_comity_v1_JoinReply, _comity_v1_JoinReply__Output>
      JoinRequest: MessageTypeDefinition<_comity_v1_JoinRequest, _comity_v1_JoinRequest__Output>
      RenewExpiredRequest: MessageTypeDefinition<_comity_v1_RenewExpiredRequest, _comity_v1_RenewExpiredRequest__Output>
      RenewReply: MessageTypeDefinition<_comity_v1_RenewReply, _comity_v1_RenewReply__Output>
      RenewRequest: MessageTypeDefinition<_comity_v1_RenewRequest, _comity_v1_RenewRequest__Output>
    }
  }
}

