
export interface GetSiteRequest {
  'site'?: (string);
}

export interface GetSiteRequest__Output {
  'site': (string);
}
