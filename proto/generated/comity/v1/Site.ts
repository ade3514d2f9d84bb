import type { Dataset as _comity_v1_Dataset, Dataset__Output as _comity_v1_Dataset__Output } from '../../comity/v1/Dataset.js';
import type { Long } from '@grpc/proto-loader';

export interface Site {
  /**
   * `organisation/site`.
   */
  'site'?: (string);
  'organisation'?: (string);
  /**
   * `invited`, `online`, `offline` or `revoked`.
   */
  'state'?: (string);
  'labels'?: ({[key: string]: string});
  'datasets'?: (_comity_v1_Dataset)[];
  'agentVersion'?: (string);
  'capabilities'?: (string)[];
  'lastSeenMs'?: (number | string | Long);
  'certificateExpiresAtMs'?: (number | string | Long);
  /**
   * Assignments that are open at the site now.
   */
  'openAssignments'?: (number);
  /**
   * When it was revoked, and why; 0 and empty while it is not.
   */
  'revokedAtMs'?: (number | string | Long);
  'revokedReason'?: (string);
}

export interface Site__Output {
  /**
   * `organisation/site`.
   */
  'site': (string);
  'organisation': (string);
  /**
   * `invited`, `online`, `offline` or `revoked`.
   */
  'state': (string);
  'labels': ({[key: string]: string});
  'datasets': (_comity_v1_Dataset__Output)[];
  'agentVersion': (string);
  'capabilities': (string)[];
  'lastSeenMs': (number);
  'certificateExpiresAtMs': (number);
  /**
   * Assignments that are open at the site now.
   */
  'openAssignments': (number);
  /**
   * When it was revoked, and why; 0 and empty while it is not.
   */
  'revokedAtMs': (number);
  'revokedReason': (string);
}
