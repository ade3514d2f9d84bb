import type { Site as _comity_v1_Site, Site__Output as _comity_v1_Site__Output } from '../../comity/v1/Site.js';

export interface ListSitesReply {
  'sites'?: (_comity_v1_Site)[];
}

export interface ListSitesReply__Output {
  'sites': (_comity_v1_Site__Output)[];
}
