import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const FRAME_MS = 80;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/**
 * Where the story is told. On a terminal it has colours (unless NO_COLOR is set) and one line at the bottom that keeps
 * changing; anywhere else it is plain lines that stay.
 */
export class Terminal {
  readonly isLive: boolean;
  readonly #colours: boolean;
  #below: (() => string) | undefined;
  #frame = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly out: NodeJS.WriteStream,
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    this.isLive = out.isTTY === true;
    this.#colours = this.isLive && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  }

  style(style: Style, text: string): string {
    return this.#colours ? styleText(style, text, { validateStream: false }) : text;
  }

  line(text = ''): void {
    this.#erase();
    this.out.write(`${text}\n`);
    this.#draw();
  }

  heading(text: string): void {
    this.line();
    this.line(this.style('bold', text));
  }

  /** Something that is as it should be, with what was measured on the right of it. */
  done(what: string, details = '', measured = ''): void {
    const text = `${what.padEnd(11)} ${details}`;
    const plainLength = text.length;
    const gap = measured === '' ? '' : ' '.repeat(Math.max(2, 86 - plainLength - measured.length));
    const shown = `${this.style('bold', what.padEnd(11))} ${details}`;
    this.line(`  ${this.style('green', '✓')} ${shown}${gap}${this.style('dim', measured)}`);
  }

  /** Keeps `text()` below everything until it is taken away; only where lines can be redrawn. */
  below(text: (() => string) | undefined): void {
    this.#erase();
    this.#below = text;
    if (!this.isLive) return;
    clearInterval(this.#timer);
    this.#timer = text ? setInterval(() => this.#redraw(), FRAME_MS).unref() : undefined;
    this.#draw();
  }

  /** A bar of `width` cells, `share` (0..1) of it filled. */
  bar(share: number, width: number): string {
    const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
    return `${this.style('cyan', '━'.repeat(filled))}${this.style('dim', '─'.repeat(width - filled))}`;
  }

  #redraw(): void {
    this.#frame += 1;
    this.#erase();
    this.#draw();
  }

  #erase(): void {
    if (this.isLive && this.#below) this.out.write('\r\u001b[2K');
  }

  #draw(): void {
    if (!this.isLive || !this.#below) return;
    const spinner = this.style('cyan', FRAMES[this.#frame % FRAMES.length] as string);
    // Not wrapped: a line that breaks could not be erased again.
    this.out.write(`\u001b[?7l  ${spinner} ${this.#below()}\u001b[?7h`);
  }
}

/** Seconds for people: `0.42 s`, `12.3 s`. */
export function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1_000).toFixed(2)} s` : `${(ms / 1_000).toFixed(1)} s`;
}
