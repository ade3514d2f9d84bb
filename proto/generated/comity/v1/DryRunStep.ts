import type { DryRunSite as _comity_v1_DryRunSite, DryRunSite__Output as _comity_v1_DryRunSite__Output } from '../../comity/v1/DryRunSite.js';

export interface DryRunStep {
  'ref'?: (string);
  'name'?: (string);
  /**
   * The keyword, for example `call`.
   */
  'kind'?: (string);
  'call'?: (string);
  /**
   * What would happen, in one sentence.
   */
  'text'?: (string);
  /**
   * For a federated function: every site, chosen or refused, and by which rule.
   */
  'sites'?: (_comity_v1_DryRunSite)[];
}

export interface DryRunStep__Output {
  'ref': (string);
  'name': (string);
  /**
   * The keyword, for example `call`.
   */
  'kind': (string);
  'call': (string);
  /**
   * What would happen, in one sentence.
   */
  'text': (string);
  /**
   * For a federated function: every site, chosen or refused, and by which rule.
   */
  'sites': (_comity_v1_DryRunSite__Output)[];
}
