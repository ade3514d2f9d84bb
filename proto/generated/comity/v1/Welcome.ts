import type { Long } from '@grpc/proto-loader';

export interface Welcome {
  'protocol'?: (number);
  'hubVersion'?: (string);
  'capabilities'?: (string)[];
  'heartbeatMs'?: (number);
  'hubTimeMs'?: (number | string | Long);
}

export interface Welcome__Output {
  'protocol': (number);
  'hubVersion': (string);
  'capabilities': (string)[];
  'heartbeatMs': (number);
  'hubTimeMs': (number);
}
