import type { Held as _comity_v1_Held, Held__Output as _comity_v1_Held__Output } from '../../comity/v1/Held.js';
import type { Long } from '@grpc/proto-loader';

export interface Hello {
  /**
   * The protocol versions that the agent speaks. This file is version 1.
   */
  'protocolMin'?: (number);
  'protocolMax'?: (number);
  'agentVersion'?: (string);
  /**
   * For example `train`, `evaluate`, `backend:wasm`.
   */
  'capabilities'?: (string)[];
  /**
   * Assignments in the agent's journal that have no receipt yet. The hub offers again what is missing here, and cancels what it no longer wants.
   */
  'held'?: (_comity_v1_Held)[];
  'agentTimeMs'?: (number | string | Long);
  /**
   * Runs that the site keeps something for. The hub answers RunEnded for those that are over.
   */
  'runs'?: (string)[];
}

export interface Hello__Output {
  /**
   * The protocol versions that the agent speaks. This file is version 1.
   */
  'protocolMin': (number);
  'protocolMax': (number);
  'agentVersion': (string);
  /**
   * For example `train`, `evaluate`, `backend:wasm`.
   */
  'capabilities': (string)[];
  /**
   * Assignments in the agent's journal that have no receipt yet. The hub offers again what is missing here, and cancels what it no longer wants.
   */
  'held': (_comity_v1_Held__Output)[];
  'agentTimeMs': (number);
  /**
   * Runs that the site keeps something for. The hub answers RunEnded for those that are over.
   */
  'runs': (string)[];
}
