import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { walkProgramLogs } from '../../../src/decoding/walk-program-logs.js';
import { anyTransaction, forgery, OURS, ROUTER, TOKEN } from './fake-transaction.js';

const walk = (...logs: string[]) => walkProgramLogs(OURS, logs);
const payloads = (...logs: string[]) => walk(...logs).events.map(({ payload }) => payload);

describe('walkProgramLogs: which lines are events (I11)', () => {
  it('takes the data lines in a frame of the program and no other', () => {
    const logs = [
      'Program data: before',
      `Program ${ROUTER} invoke [1]`,
      'Program data: router',
      `Program ${OURS} invoke [2]`,
      'Program data: ours',
      `Program ${TOKEN} invoke [3]`,
      'Program data: token',
      `Program ${TOKEN} success`,
      'Program data: ours-again',
      `Program ${OURS} success`,
      'Program data: router-again',
      `Program ${ROUTER} success`,
      'Program data: after',
    ];
    expect(walk(...logs)).toEqual({
      events: [
        { place: 2 * 65536 + 1, ordinal: 2, payload: 'ours' },
        { place: 3 * 65536 + 2, ordinal: 4, payload: 'ours-again' },
      ],
      truncated: false,
      selfInvoked: false,
      failed: false,
    });
  });

  it('takes nothing a user can print for an event, a frame or a marker (I11, TRAPS 1)', () => {
    fc.assert(
      fc.property(fc.array(forgery), fc.constantFrom(OURS, ROUTER), (texts, program) => {
        const printed = texts.map((text) => `Program log: ${text}`);
        const logs = [`Program ${program} invoke [1]`, ...printed, 'Program data: real', `Program ${program} success`];
        expect(walk(...logs)).toEqual({
          events: program === OURS ? [{ place: 65537, ordinal: 0, payload: 'real' }] : [],
          truncated: false,
          selfInvoked: false,
          failed: false,
        });
      }),
    );
  });

  it.each([
    `Program ${OURS} invoke [1]\n`,
    `Program ${OURS} invoke [1]\nx`,
    `\nProgram ${OURS} invoke [1]`,
    ` Program ${OURS} invoke [1]`,
    `Program ${OURS} invoke [1] `,
    `Program ${OURS}  invoke [1]`,
    `Program ${OURS} invoke []`,
    `Program ${OURS} invoke [0]`,
    `Program ${OURS} invoke [-1]`,
    `Program ${OURS} invoke [1x]`,
    `Program ${OURS} invoke [01]`,
    `Program ${OURS} invoke [1`,
    `Program ${OURS} invoke [12`,
    `Program ${OURS} invoke [1e9]`,
    `Program ${OURS} invoke [999999999999]`,
    `Program ${OURS} invoke 1`,
    `Program ${OURS}`,
    `Program log: Program ${OURS} invoke [1]`,
    `Program return: ${OURS} invoke [1]`,
  ])('%j opens no frame', (line) => expect(payloads(line, 'Program data: x')).toEqual([]));

  it('believes the depth number where lines are missing', () => {
    // The router's frame was never seen to begin, the token's never to end.
    expect(payloads(`Program ${OURS} invoke [2]`, 'Program data: a')).toEqual(['a']);
    expect(
      payloads(
        `Program ${OURS} invoke [1]`,
        `Program ${TOKEN} invoke [2]`,
        `Program ${TOKEN} invoke [2]`,
        `Program ${TOKEN} success`,
        'Program data: a',
      ),
    ).toEqual(['a']);
    expect(
      payloads(
        `Program ${OURS} invoke [1]`,
        `Program ${TOKEN} invoke [2]`,
        `Program ${OURS} success`,
        'Program data: a',
      ),
    ).toEqual([]);
    expect(payloads(`Program ${ROUTER} invoke [1]`, `Program ${OURS} success`, 'Program data: a')).toEqual([]);
    expect(payloads(`Program ${OURS} invoke [1]`, `Program ${ROUTER} invoke [1]`, 'Program data: a')).toEqual([]);
    expect(
      payloads(`Program ${OURS} invoke [12]`, 'Program data: a', `Program ${OURS} success`, 'Program data: b'),
    ).toEqual(['a']);
  });

  it('ends a frame at its own line only', () => {
    for (const line of [
      `Program ${OURS} x success`,
      `Program ${OURS} success `,
      `Program ${OURS} success\n`,
      `Program ${OURS} failed`,
    ]) {
      expect(payloads(`Program ${OURS} invoke [1]`, line, 'Program data: a')).toEqual(['a']);
    }
    // The innermost of that name ends, and what it still held with it.
    const left = [`Program ${OURS} invoke [1]`, `Program ${ROUTER} invoke [2]`, `Program ${TOKEN} invoke [3]`];
    expect(payloads(...left, `Program ${ROUTER} success`, 'Program data: a')).toEqual(['a']);
  });

  it('does not fall back into a frame that ended long ago', () => {
    const past = [
      `Program ${ROUTER} invoke [1]`,
      `Program ${OURS} invoke [2]`,
      `Program ${OURS} success`,
      `Program ${ROUTER} success`,
    ];
    expect(payloads(...past, `Program ${TOKEN} invoke [3]`, `Program ${TOKEN} success`, 'Program data: a')).toEqual([]);
  });

  it('does not take a frame it saw no beginning of for the caller', () => {
    const left = [`Program ${ROUTER} invoke [1]`, `Program ${OURS} invoke [2]`, `Program ${OURS} success`];
    expect(walk(...left, `Program ${OURS} invoke [3]`).selfInvoked).toBe(false);
    expect(walk(`Program ${OURS} invoke [1]`, `Program ${OURS} invoke [3]`).selfInvoked).toBe(false);
  });

  it('says that the program invoked itself (TRAPS 3)', () => {
    expect(walk(`Program ${OURS} invoke [1]`, `Program ${OURS} invoke [2]`).selfInvoked).toBe(true);
    expect(walk(`Program ${ROUTER} invoke [1]`, `Program ${OURS} invoke [2]`).selfInvoked).toBe(false);
    const through = [`Program ${OURS} invoke [1]`, `Program ${ROUTER} invoke [2]`, `Program ${OURS} invoke [3]`];
    expect(walk(...through).selfInvoked).toBe(false);
    expect(
      walk(`Program ${OURS} invoke [1]`, `Program ${OURS} success`, `Program ${OURS} invoke [1]`).selfInvoked,
    ).toBe(false);
  });

  it('says that the transaction failed', () => {
    expect(walk(`Program ${OURS} invoke [1]`, `Program ${OURS} failed: custom program error: 0x1`).failed).toBe(true);
    expect(walk(`Program ${OURS} invoke [1]`, `Program log: Program ${OURS} failed: no`).failed).toBe(false);
  });

  it('finds exactly the events of random transactions, in their places', () => {
    fc.assert(
      fc.property(anyTransaction, ({ logs, expected }) => {
        expect(walkProgramLogs(OURS, logs).events.map(({ place, payload }) => ({ place, payload }))).toEqual(
          expected
            .filter(({ channel }) => channel === 'log')
            .map(({ place, payload }) => ({ place, payload: Buffer.from(payload).toString('base64') })),
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('walkProgramLogs: truncation (TRAPS 2)', () => {
  it('keeps the events before the marker and none after it, wherever the log was cut', () => {
    fc.assert(
      fc.property(anyTransaction, fc.nat(), fc.nat(), ({ logs }, at, gap) => {
        const whole = walkProgramLogs(OURS, logs);
        const cut = at % (logs.length + 1);
        // agave lets later lines that are short enough through.
        const kept = [...logs.slice(0, cut), 'Log truncated', ...logs.slice(cut + (gap % 3))];
        const cutShort = walkProgramLogs(OURS, kept);
        expect(cutShort.truncated).toBe(true);
        expect(cutShort.events).toEqual(whole.events.slice(0, cutShort.events.length));
        expect(cutShort).toEqual({ ...walkProgramLogs(OURS, logs.slice(0, cut)), truncated: true });
      }),
    );
  });

  it('takes only the exact line for the marker', () => {
    for (const line of ['Log truncated ', 'log truncated', 'Program log: Log truncated', 'Log truncated\n']) {
      expect(walk(line).truncated).toBe(false);
    }
  });
});

describe('walkProgramLogs is total and linear', () => {
  it('on any strings (TRAPS 1: Anchor throws)', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) })), (logs) => {
        expect(walkProgramLogs(OURS, logs).events).toEqual([]);
      }),
    );
  });

  it('on mutated logs', () => {
    const mutation = fc.record({
      at: fc.nat(),
      how: fc.constantFrom('drop', 'double', 'swap', 'cut', 'splice'),
      text: fc.oneof(fc.string(), fc.constantFrom(`Program ${OURS} invoke [9]`, 'Program data: ', 'Program ', '')),
    });
    fc.assert(
      fc.property(anyTransaction, fc.array(mutation, { maxLength: 6 }), ({ logs }, mutations) => {
        const lines = [...logs];
        for (const { at, how, text } of mutations) {
          const i = at % (lines.length + 1);
          const line = lines[i] ?? '';
          if (how === 'drop') lines.splice(i, 1);
          else if (how === 'double') lines.splice(i, 0, line);
          else if (how === 'cut') lines[i] = line.slice(0, at % (line.length + 1));
          else if (how === 'splice') lines.splice(i, 0, text);
          else lines.splice(i, 2, lines[i + 1] ?? '', line);
        }
        const { events } = walkProgramLogs(OURS, lines);
        const places = events.map(({ place }) => place);
        expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
        const dataLines = lines.filter((line) => line.startsWith('Program data: '));
        expect(dataLines.length).toBeGreaterThanOrEqual(events.length);
      }),
    );
  });

  it('reads every line once (TRAPS 1: Anchor copies the rest of the log for every line)', () => {
    let reads = 0;
    const logs = [`Program ${OURS} invoke [1]`, ...new Array<string>(5000).fill('Program data: AAAA')];
    const counted = new Proxy(logs, {
      get: (target, property, receiver): unknown => {
        if (typeof property === 'string' && /^\d+$/.test(property)) reads++;
        return Reflect.get(target, property, receiver);
      },
    });
    expect(walkProgramLogs(OURS, counted).events).toHaveLength(5000);
    expect(reads).toBe(logs.length);
  });
});
