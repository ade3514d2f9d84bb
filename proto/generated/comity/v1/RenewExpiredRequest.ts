
export interface RenewExpiredRequest {
  'certificateRequest'?: (Buffer | Uint8Array | string);
  /**
   * The expired leaf, PEM.
   */
  'certificate'?: (string);
  /**
   * ECDSA P-256 with SHA-256 (DER) by the expired leaf's key over `certificate_request`: proof of possession.
   */
  'signature'?: (Buffer | Uint8Array | string);
}

export interface RenewExpiredRequest__Output {
  'certificateRequest': (Buffer);
  /**
   * The expired leaf, PEM.
   */
  'certificate': (string);
  /**
   * ECDSA P-256 with SHA-256 (DER) by the expired leaf's key over `certificate_request`: proof of possession.
   */
  'signature': (Buffer);
}
