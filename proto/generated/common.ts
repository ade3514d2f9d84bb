import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Blob as _comity_v1_Blob, Blob__Output as _comity_v1_Blob__Output } from './comity/v1/Blob.js';
import type { Chunk as _comity_v1_Chunk, Chunk__Output as _comity_v1_Chunk__Output } from './comity/v1/Chunk.js';
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
      RunEvent: MessageTypeDefinition<_comity_v1_RunEvent, _comity_v1_RunEvent__Output>
      TensorSpec: MessageTypeDefinition<_comity_v1_TensorSpec, _comity_v1_TensorSpec__Output>
    }
  }
}

