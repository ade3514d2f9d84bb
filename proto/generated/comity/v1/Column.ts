
export interface Column {
  'name'?: (string);
  /**
   * `number`, `integer`, `category` or `text`.
   */
  'type'?: (string);
}

export interface Column__Output {
  'name': (string);
  /**
   * `number`, `integer`, `category` or `text`.
   */
  'type': (string);
}
