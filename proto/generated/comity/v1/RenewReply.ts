import type { Long } from '@grpc/proto-loader';

export interface RenewReply {
  'certificateChain'?: (string);
  'root'?: (string);
  'hubTimeMs'?: (number | string | Long);
}

export interface RenewReply__Output {
  'certificateChain': (string);
  'root': (string);
  'hubTimeMs': (number);
}
