
export interface GetHubRequest {
}

export interface GetHubRequest__Output {
}
