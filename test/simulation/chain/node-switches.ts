/** What is wrong with a node, as HTTP and sockets show it. Everything off: an honest node at the head. */
export class NodeSwitches {
  isDown = false;
  isSilent = false;
  /** Milliseconds named in Retry-After; null = no limit. */
  retryAfterMs: number | null = null;
  lagSlots = 0;
  isNonsense = false;
  /** Lists of signatures lack some, every other time. */
  omits = false;
  /** A list of signatures has no more than so many, whatever was asked for. */
  pageCap = Infinity;
  /** getTransaction and statuses know nothing. */
  forgets = false;
  /** Says of blocks that they do not hold what they hold, and of statuses that there are none. */
  denies = false;
  keepsLogs = true;
  /** Of these accounts it knows nothing, read or listed. */
  hides: (address: string) => boolean = () => false;

  refusesSockets = false;
  isHalfOpen = false;
  dropShare = 0;
  copies = 0;
  /** Messages arrive up to so many milliseconds later than they should, each by itself. */
  disorderMs = 0;
  announcesPhantoms = false;
}
