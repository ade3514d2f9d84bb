import type { Welcome as _comity_v1_Welcome, Welcome__Output as _comity_v1_Welcome__Output } from '../../comity/v1/Welcome.js';
import type { Offer as _comity_v1_Offer, Offer__Output as _comity_v1_Offer__Output } from '../../comity/v1/Offer.js';
import type { Cancel as _comity_v1_Cancel, Cancel__Output as _comity_v1_Cancel__Output } from '../../comity/v1/Cancel.js';
import type { Heartbeat as _comity_v1_Heartbeat, Heartbeat__Output as _comity_v1_Heartbeat__Output } from '../../comity/v1/Heartbeat.js';
import type { Drain as _comity_v1_Drain, Drain__Output as _comity_v1_Drain__Output } from '../../comity/v1/Drain.js';
import type { SiteEventReceipt as _comity_v1_SiteEventReceipt, SiteEventReceipt__Output as _comity_v1_SiteEventReceipt__Output } from '../../comity/v1/SiteEventReceipt.js';
import type { Receipt as _comity_v1_Receipt, Receipt__Output as _comity_v1_Receipt__Output } from '../../comity/v1/Receipt.js';
import type { AnswerRefused as _comity_v1_AnswerRefused, AnswerRefused__Output as _comity_v1_AnswerRefused__Output } from '../../comity/v1/AnswerRefused.js';
import type { RunEnded as _comity_v1_RunEnded, RunEnded__Output as _comity_v1_RunEnded__Output } from '../../comity/v1/RunEnded.js';

export interface FromHub {
  /**
   * The answer to Hello.
   */
  'welcome'?: (_comity_v1_Welcome | null);
  'offer'?: (_comity_v1_Offer | null);
  'cancel'?: (_comity_v1_Cancel | null);
  'heartbeat'?: (_comity_v1_Heartbeat | null);
  /**
   * The hub is stopping: finish uploads, then reconnect after the given time.
   */
  'drain'?: (_comity_v1_Drain | null);
  /**
   * Events of the site that are durable at the hub, or refused for good.
   */
  'eventReceipt'?: (_comity_v1_SiteEventReceipt | null);
  /**
   * An answer that came over the session is durable.
   */
  'receipt'?: (_comity_v1_Receipt | null);
  /**
   * An answer that came over the session was not taken.
   */
  'answerRefused'?: (_comity_v1_AnswerRefused | null);
  /**
   * A run is over for good: what the site has kept for it may go.
   */
  'runEnded'?: (_comity_v1_RunEnded | null);
  'body'?: "welcome"|"offer"|"cancel"|"heartbeat"|"drain"|"eventReceipt"|"receipt"|"answerRefused"|"runEnded";
}

export interface FromHub__Output {
  /**
   * The answer to Hello.
   */
  'welcome'?: (_comity_v1_Welcome__Output | null);
  'offer'?: (_comity_v1_Offer__Output | null);
  'cancel'?: (_comity_v1_Cancel__Output | null);
  'heartbeat'?: (_comity_v1_Heartbeat__Output | null);
  /**
   * The hub is stopping: finish uploads, then reconnect after the given time.
   */
  'drain'?: (_comity_v1_Drain__Output | null);
  /**
   * Events of the site that are durable at the hub, or refused for good.
   */
  'eventReceipt'?: (_comity_v1_SiteEventReceipt__Output | null);
  /**
   * An answer that came over the session is durable.
   */
  'receipt'?: (_comity_v1_Receipt__Output | null);
  /**
   * An answer that came over the session was not taken.
   */
  'answerRefused'?: (_comity_v1_AnswerRefused__Output | null);
  /**
   * A run is over for good: what the site has kept for it may go.
   */
  'runEnded'?: (_comity_v1_RunEnded__Output | null);
  'body'?: "welcome"|"offer"|"cancel"|"heartbeat"|"drain"|"eventReceipt"|"receipt"|"answerRefused"|"runEnded";
}
