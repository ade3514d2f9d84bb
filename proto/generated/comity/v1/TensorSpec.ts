
/**
 * One tensor of a model or an update. The bytes of all tensors follow each other in this order, little-endian.
 */
export interface TensorSpec {
  'name'?: (string);
  /**
   * A safetensors dtype; `F32` is the one that models use.
   */
  'dtype'?: (string);
  'shape'?: (number)[];
}

/**
 * One tensor of a model or an update. The bytes of all tensors follow each other in this order, little-endian.
 */
export interface TensorSpec__Output {
  'name': (string);
  /**
   * A safetensors dtype; `F32` is the one that models use.
   */
  'dtype': (string);
  'shape': (number)[];
}
