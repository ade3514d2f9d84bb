import type { Long } from '@grpc/proto-loader';

/**
 * A version never changes; it is known by its digest.
 */
export interface WorkflowVersion {
  'namespace'?: (string);
  'name'?: (string);
  'version'?: (string);
  'sha256'?: (string);
  /**
   * As its author wrote it; empty in lists.
   */
  'source'?: (string);
  'title'?: (string);
  'publishedBy'?: (string);
  'publishedAtMs'?: (number | string | Long);
  /**
   * When its schedule starts it next; 0 when it has none.
   */
  'nextStartAtMs'?: (number | string | Long);
}

/**
 * A version never changes; it is known by its digest.
 */
export interface WorkflowVersion__Output {
  'namespace': (string);
  'name': (string);
  'version': (string);
  'sha256': (string);
  /**
   * As its author wrote it; empty in lists.
   */
  'source': (string);
  'title': (string);
  'publishedBy': (string);
  'publishedAtMs': (number);
  /**
   * When its schedule starts it next; 0 when it has none.
   */
  'nextStartAtMs': (number);
}
