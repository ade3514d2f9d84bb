
export interface ListModelsRequest {
}

export interface ListModelsRequest__Output {
}
