import type { UploadHeader as _comity_v1_UploadHeader, UploadHeader__Output as _comity_v1_UploadHeader__Output } from '../../comity/v1/UploadHeader.js';

export interface UploadRequest {
  'header'?: (_comity_v1_UploadHeader | null);
  /**
   * At most 256 KiB.
   */
  'chunk'?: (Buffer | Uint8Array | string);
  'body'?: "header"|"chunk";
}

export interface UploadRequest__Output {
  'header'?: (_comity_v1_UploadHeader__Output | null);
  /**
   * At most 256 KiB.
   */
  'chunk'?: (Buffer);
  'body'?: "header"|"chunk";
}
