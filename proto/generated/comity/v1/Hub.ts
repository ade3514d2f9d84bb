import type { Long } from '@grpc/proto-loader';

export interface Hub {
  'name'?: (string);
  'version'?: (string);
  'startedAtMs'?: (number | string | Long);
  'controlAddress'?: (string);
  'agentAddress'?: (string);
  'sitesOnline'?: (number);
  'runsRunning'?: (number);
}

export interface Hub__Output {
  'name': (string);
  'version': (string);
  'startedAtMs': (number);
  'controlAddress': (string);
  'agentAddress': (string);
  'sitesOnline': (number);
  'runsRunning': (number);
}
