import type { Hello as _comity_v1_Hello, Hello__Output as _comity_v1_Hello__Output } from '../../comity/v1/Hello.js';
import type { Catalogue as _comity_v1_Catalogue, Catalogue__Output as _comity_v1_Catalogue__Output } from '../../comity/v1/Catalogue.js';
import type { Accept as _comity_v1_Accept, Accept__Output as _comity_v1_Accept__Output } from '../../comity/v1/Accept.js';
import type { Refuse as _comity_v1_Refuse, Refuse__Output as _comity_v1_Refuse__Output } from '../../comity/v1/Refuse.js';
import type { Progress as _comity_v1_Progress, Progress__Output as _comity_v1_Progress__Output } from '../../comity/v1/Progress.js';
import type { Heartbeat as _comity_v1_Heartbeat, Heartbeat__Output as _comity_v1_Heartbeat__Output } from '../../comity/v1/Heartbeat.js';
import type { Failed as _comity_v1_Failed, Failed__Output as _comity_v1_Failed__Output } from '../../comity/v1/Failed.js';
import type { Drain as _comity_v1_Drain, Drain__Output as _comity_v1_Drain__Output } from '../../comity/v1/Drain.js';
import type { SiteEvent as _comity_v1_SiteEvent, SiteEvent__Output as _comity_v1_SiteEvent__Output } from '../../comity/v1/SiteEvent.js';
import type { UploadHeader as _comity_v1_UploadHeader, UploadHeader__Output as _comity_v1_UploadHeader__Output } from '../../comity/v1/UploadHeader.js';

export interface FromAgent {
  /**
   * Always the first message.
   */
  'hello'?: (_comity_v1_Hello | null);
  'catalogue'?: (_comity_v1_Catalogue | null);
  'accept'?: (_comity_v1_Accept | null);
  'refuse'?: (_comity_v1_Refuse | null);
  'progress'?: (_comity_v1_Progress | null);
  'heartbeat'?: (_comity_v1_Heartbeat | null);
  'failed'?: (_comity_v1_Failed | null);
  /**
   * The agent is stopping in good order; it takes no more offers.
   */
  'drain'?: (_comity_v1_Drain | null);
  /**
   * Something has happened at the site. Sent again until the hub has acknowledged it.
   */
  'event'?: (_comity_v1_SiteEvent | null);
  /**
   * An answer whose bytes are few or none, to a hub with the capability `answers`. Sent again until its receipt or its refusal.
   */
  'answer'?: (_comity_v1_UploadHeader | null);
  'body'?: "hello"|"catalogue"|"accept"|"refuse"|"progress"|"heartbeat"|"failed"|"drain"|"event"|"answer";
}

export interface FromAgent__Output {
  /**
   * Always the first message.
   */
  'hello'?: (_comity_v1_Hello__Output | null);
  'catalogue'?: (_comity_v1_Catalogue__Output | null);
  'accept'?: (_comity_v1_Accept__Output | null);
  'refuse'?: (_comity_v1_Refuse__Output | null);
  'progress'?: (_comity_v1_Progress__Output | null);
  'heartbeat'?: (_comity_v1_Heartbeat__Output | null);
  'failed'?: (_comity_v1_Failed__Output | null);
  /**
   * The agent is stopping in good order; it takes no more offers.
   */
  'drain'?: (_comity_v1_Drain__Output | null);
  /**
   * Something has happened at the site. Sent again until the hub has acknowledged it.
   */
  'event'?: (_comity_v1_SiteEvent__Output | null);
  /**
   * An answer whose bytes are few or none, to a hub with the capability `answers`. Sent again until its receipt or its refusal.
   */
  'answer'?: (_comity_v1_UploadHeader__Output | null);
  'body'?: "hello"|"catalogue"|"accept"|"refuse"|"progress"|"heartbeat"|"failed"|"drain"|"event"|"answer";
}
