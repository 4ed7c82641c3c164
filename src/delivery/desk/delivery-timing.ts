/** How often a desk looks, how much it does at once and how patient it is. Times in milliseconds. */
export interface DeliveryTiming {
  /** Between looks when nobody says that there is something to do, and nothing is known to become due. */
  readonly pollMs: number;
  /** Beyond a try's own time-out, until it is taken for dead: writing down what came of it takes a while. */
  readonly graceMs: number;
  /** For what is under way when the desk is given up. Well below the term of a lease, which is not renewed meanwhile. */
  readonly drainMs: number;
  /** Until what may come too early for its order is looked at again. */
  readonly earlyMs: number;
  /** After trouble with the database. */
  readonly troubleMs: number;
  /** Requests of one desk under way at once. */
  readonly mostInFlight: number;
  /** Deliveries read at once: as many as a turn may begin, with what is about to become due. */
  readonly readAtOnce: number;
  /** Of one dispatcher, where more than that is due. */
  readonly readOfLane: number;
}

export const DELIVERY_TIMING: DeliveryTiming = {
  pollMs: 1_000,
  graceMs: 5_000,
  drainMs: 1_500,
  earlyMs: 50,
  troubleMs: 500,
  mostInFlight: 500,
  readAtOnce: 200,
  readOfLane: 50,
};
