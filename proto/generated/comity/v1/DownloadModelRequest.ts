import type { Long } from '@grpc/proto-loader';

export interface DownloadModelRequest {
  'model'?: (string);
  /**
   * 0: the newest.
   */
  'version'?: (number);
  'offset'?: (number | string | Long);
}

export interface DownloadModelRequest__Output {
  'model': (string);
  /**
   * 0: the newest.
   */
  'version': (number);
  'offset': (number);
}
