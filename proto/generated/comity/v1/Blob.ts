import type { Long } from '@grpc/proto-loader';

/**
 * Bytes known by their SHA-256.
 */
export interface Blob {
  /**
   * Lower-case hexadecimal, 64 characters.
   */
  'sha256'?: (string);
  'sizeBytes'?: (number | string | Long);
}

/**
 * Bytes known by their SHA-256.
 */
export interface Blob__Output {
  /**
   * Lower-case hexadecimal, 64 characters.
   */
  'sha256': (string);
  'sizeBytes': (number);
}
