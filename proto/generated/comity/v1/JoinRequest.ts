
export interface JoinRequest {
  'token'?: (string);
  /**
   * PKCS #10, DER. The hub ignores every name in it.
   */
  'certificateRequest'?: (Buffer | Uint8Array | string);
  'agentVersion'?: (string);
}

export interface JoinRequest__Output {
  'token': (string);
  /**
   * PKCS #10, DER. The hub ignores every name in it.
   */
  'certificateRequest': (Buffer);
  'agentVersion': (string);
}
