
export interface ListOperatorsRequest {
}

export interface ListOperatorsRequest__Output {
}
