import type { Long } from '@grpc/proto-loader';

export interface InviteSiteReply {
  'token'?: (string);
  'site'?: (string);
  'expiresAtMs'?: (number | string | Long);
}

export interface InviteSiteReply__Output {
  'token': (string);
  'site': (string);
  'expiresAtMs': (number);
}
