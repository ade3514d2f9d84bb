import type { Column as _comity_v1_Column, Column__Output as _comity_v1_Column__Output } from '../../comity/v1/Column.js';
import type { Long } from '@grpc/proto-loader';

export interface Dataset {
  'name'?: (string);
  'columns'?: (_comity_v1_Column)[];
  'labels'?: ({[key: string]: string});
  /**
   * Rounded down to two significant digits, so that no single row can be inferred.
   */
  'trainRows'?: (number | string | Long);
  'testRows'?: (number | string | Long);
  'target'?: (string);
  /**
   * The name of the connector, for example `csv`.
   */
  'connector'?: (string);
}

export interface Dataset__Output {
  'name': (string);
  'columns': (_comity_v1_Column__Output)[];
  'labels': ({[key: string]: string});
  /**
   * Rounded down to two significant digits, so that no single row can be inferred.
   */
  'trainRows': (number);
  'testRows': (number);
  'target': (string);
  /**
   * The name of the connector, for example `csv`.
   */
  'connector': (string);
}
