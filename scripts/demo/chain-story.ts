import type { Played } from './played.js';
import type { Scene } from './scene.js';
import type { Terminal } from './terminal.js';

/** The people act directly on chain; mooring only listens. Each kind of event is told once, the others are counted. */
export async function playChainStory(
  { traffic, stack }: Scene,
  played: Played,
  terminal: Terminal,
  target: { readonly events: number; readonly paceMs: number; readonly stopped: AbortSignal },
): Promise<void> {
  const told = new Set<string>();
  let readable = 0;
  const count = (): void => void (readable += 1);
  stack.worker.announcer.on('event', count);
  const begunWith = played.events;
  terminal.below(() => {
    const made = played.events - begunWith;
    const share = made / Math.max(1, target.events - begunWith);
    return `${terminal.bar(share, 24)} ${made} events on chain, ${readable} in MongoDB`;
  });
  try {
    await traffic.run({
      paceMs: target.paceMs,
      until: () => played.events >= target.events || target.stopped.aborted,
      onLanded: (landing) => {
        played.addLanding(landing);
        const name = eventNames(landing.events);
        if (told.has(name)) return;
        told.add(name);
        tellKind(terminal, name, landing.sentence, landing.slot);
      },
    });
  } finally {
    terminal.below(undefined);
    stack.worker.announcer.off('event', count);
  }
}

/** A line about the first event of its kind. */
export function tellKind(terminal: Terminal, name: string, sentence: string, slot: number): void {
  terminal.line(
    `  ${terminal.style('magenta', name.padEnd(31))} ${sentence.padEnd(50)} ${terminal.style('dim', `slot ${slot}`)}`,
  );
}

/** `CouponMinted ×6`, `ListingCancelled + CouponListed`. */
function eventNames(events: readonly string[]): string {
  const names = [...new Set(events)].join(' + ');
  return events.length > 1 && new Set(events).size === 1 ? `${names} ×${events.length}` : names;
}
