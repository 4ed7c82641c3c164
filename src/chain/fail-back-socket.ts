import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { endpointName, redactor } from './endpoint-name.js';
import type { LogSocket, OpenLogSocket } from './log-socket.js';
import { type FailBackEffect, type FailBackTiming, type PresentSocket, SocketFailBack } from './socket-fail-back.js';
import { parseSubscriptionMessage } from './subscription-message.js';

export interface FailBackSocketOptions {
  /** In order of preference. */
  readonly urls: readonly string[];
  readonly openSocket: OpenLogSocket;
  readonly timing: FailBackTiming;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly present: () => PresentSocket;
  /** The socket of this URL is as good as the present one, and preferred to it. */
  readonly onMove: (urlIndex: number) => void;
}

/** The trial socket beside the one that is listened to: the I/O around SocketFailBack. */
export class FailBackSocket {
  readonly #state: SocketFailBack;
  #trial: LogSocket | undefined;

  constructor(private readonly options: FailBackSocketOptions) {
    this.#state = new SocketFailBack(options.timing, options.random);
  }

  /** To be called a few times a second. */
  tick(): void {
    this.#perform(this.#state.tick(this.options.present(), this.options.clock.monotonic()));
  }

  stop(): void {
    this.#perform(this.#state.stop());
  }

  #perform(effects: readonly FailBackEffect[]): void {
    for (const effect of effects) {
      switch (effect.do) {
        case 'open-trial':
          this.#open(this.options.urls[effect.urlIndex] ?? '');
          break;
        case 'send-trial':
          this.#trial?.send(effect.text);
          break;
        case 'close-trial':
          this.#close();
          break;
        case 'move':
          this.options.onMove(effect.urlIndex);
          break;
      }
    }
  }

  #open(url: string): void {
    const { openSocket, log, present, clock } = this.options;
    const redact = redactor(url);
    const failed = (detail: string) => {
      log.debug({ url: endpointName(url), detail: redact(detail) }, 'the preferred socket is not back yet');
      this.#perform(this.#state.onClose(clock.monotonic()));
    };
    // One we gave up may still speak.
    const whenCurrent = (react: () => void) => {
      if (this.#trial === trial) react();
    };
    let trial: LogSocket | undefined;
    try {
      trial = openSocket(url, {
        onOpen: () => whenCurrent(() => this.#perform(this.#state.onOpen())),
        onMessage: (text) =>
          whenCurrent(() =>
            this.#perform(this.#state.onMessage(parseSubscriptionMessage(text), present(), clock.monotonic())),
          ),
        onPong: () => undefined,
        onClose: (detail) => whenCurrent(() => failed(detail)),
      });
      this.#trial = trial;
    } catch (error) {
      failed(messageOf(error));
    }
  }

  #close(): void {
    const trial = this.#trial;
    this.#trial = undefined;
    trial?.terminate();
  }
}
