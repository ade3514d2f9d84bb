/** A schema cannot be used; thrown and caught within this folder. */
export class Refused extends Error {}
