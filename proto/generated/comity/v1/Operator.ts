import type { Long } from '@grpc/proto-loader';

export interface Operator {
  'name'?: (string);
  'role'?: (string);
  'createdAtMs'?: (number | string | Long);
  'expiresAtMs'?: (number | string | Long);
  'removed'?: (boolean);
}

export interface Operator__Output {
  'name': (string);
  'role': (string);
  'createdAtMs': (number);
  'expiresAtMs': (number);
  'removed': (boolean);
}
