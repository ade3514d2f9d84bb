
export interface ListSitesRequest {
}

export interface ListSitesRequest__Output {
}
