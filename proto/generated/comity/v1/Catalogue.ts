import type { Dataset as _comity_v1_Dataset, Dataset__Output as _comity_v1_Dataset__Output } from '../../comity/v1/Dataset.js';

/**
 * Every dataset of the site: names, schemas and labels, never a row. Replaces what was said before.
 */
export interface Catalogue {
  'datasets'?: (_comity_v1_Dataset)[];
}

/**
 * Every dataset of the site: names, schemas and labels, never a row. Replaces what was said before.
 */
export interface Catalogue__Output {
  'datasets': (_comity_v1_Dataset__Output)[];
}
