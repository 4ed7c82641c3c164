import { describe, expect, it } from 'vitest';
import type { AccountInfo, AccountsAnswer } from '../../../src/chain/chain-port.js';
import { confirmAbsence, ownedBy, type AbsenceWitness } from '../../../src/chain/confirm-absence.js';
import { RpcError } from '../../../src/chain/rpc-error.js';

const PROGRAM = 'Program';
const SLOT = 50;
const account = (owner: string): AccountInfo => ({ owner, lamports: 1n, data: new Uint8Array() });

/** What an endpoint says of an account: there, gone, another program's; an error; or the truth of an older slot. */
type Opinion = 'there' | 'gone' | 'taken' | 'fails' | 'old: gone' | 'old: there';

function answer(opinion: Exclude<Opinion, 'fails'>): AccountsAnswer {
  const accounts = { there: account(PROGRAM), gone: null, taken: account('another') } as const;
  const isOld = opinion.startsWith('old: ');
  return {
    contextSlot: isOld ? SLOT - 1 : SLOT,
    accounts: [accounts[opinion.replace('old: ', '') as keyof typeof accounts]],
  };
}

const endpoint = (opinion: Opinion): AbsenceWitness => ({
  chain: {
    accounts: async () => {
      if (opinion === 'fails') throw new RpcError('timeout', 'no answer');
      return answer(opinion);
    },
  },
});

async function isGone(opinions: readonly Opinion[]): Promise<boolean> {
  return (await confirmAbsence(opinions.map(endpoint), ownedBy(PROGRAM), ['A'], SLOT)).has('A');
}

describe('an account is gone for certain (I5)', () => {
  it.each<[readonly Opinion[], boolean]>([
    // Alone an endpoint is all the truth there is.
    [['gone'], true],
    [['taken'], true],
    [['there'], false],
    [['fails'], false],
    [['old: gone'], false],
    // Of two both have to lack it.
    [['gone', 'gone'], true],
    [['gone', 'taken'], true],
    [['gone', 'there'], false],
    [['gone', 'fails'], false],
    [['gone', 'old: gone'], false],
    [['fails', 'fails'], false],
    // Of three two are enough, unless one has it.
    [['gone', 'gone', 'fails'], true],
    [['gone', 'gone', 'old: gone'], true],
    [['gone', 'gone', 'there'], false],
    [['gone', 'fails', 'fails'], false],
    [['gone', 'old: gone', 'old: gone'], false],
    // What was there before says nothing of now.
    [['gone', 'gone', 'old: there'], true],
  ])('%j: %s', async (opinions, expected) => {
    // Nobody's place in the list decides.
    for (let turn = 0; turn < opinions.length; turn += 1) {
      const turned = [...opinions.slice(turn), ...opinions.slice(0, turn)];
      expect(await isGone(turned), JSON.stringify(turned)).toBe(expected);
    }
  });

  it('where there is nobody to ask, nothing is', async () => {
    expect(await isGone([])).toBe(false);
  });

  it('of several accounts each by itself', async () => {
    const has = (...there: readonly string[]): AbsenceWitness => ({
      chain: {
        accounts: async (addresses) => ({
          contextSlot: SLOT,
          accounts: addresses.map((one) => (there.includes(one) ? account(PROGRAM) : null)),
        }),
      },
    });
    const gone = await confirmAbsence([has('A', 'B'), has('A')], ownedBy(PROGRAM), ['A', 'B', 'C'], SLOT);
    expect(gone).toEqual(new Set(['C']));
  });

  it('as of the slot it was missed at, or later, at finalized', async () => {
    const asked: unknown[] = [];
    const witness: AbsenceWitness = {
      chain: {
        accounts: async (...question) => {
          asked.push(question);
          return answer('gone');
        },
      },
    };
    await confirmAbsence([witness], ownedBy(PROGRAM), ['A'], SLOT);
    expect(asked).toEqual([[['A'], 'finalized', SLOT]]);
    await confirmAbsence([witness], ownedBy(PROGRAM), [], SLOT);
    expect(asked).toHaveLength(1);
  });

  it('hides no bug behind an endpoint that fails', async () => {
    const broken: AbsenceWitness = {
      chain: {
        accounts: async () => {
          throw new TypeError('a bug');
        },
      },
    };
    await expect(confirmAbsence([broken], ownedBy(PROGRAM), ['A'], SLOT)).rejects.toThrow('a bug');
  });
});
