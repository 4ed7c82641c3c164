import { z } from 'zod';
import { defineAction, type Action, type ActionContext } from '../../../domain-kit/action.js';
import { addressField } from '../../../domain-kit/command-fields.js';
import { MooringError } from '../../../lib/errors.js';
import { isSignedBy, newChallenge, type Challenge } from './challenge.js';
import { personSchema } from './person.js';
import { challenges, developers, readFinalStake, readStakes, type Developer } from './records.js';
import { developerSchema, developerView } from './view.js';
import { welcomeOf } from './welcome.js';

const PAGE = 50;
const PAGE_AT_MOST = 200;

const wallet = addressField('The wallet');
const nothing = z.strictObject({});
const registration = personSchema.extend({
  nonce: z.string({ error: 'must be the nonce of the challenge' }).min(1).max(100),
  signature: z
    .string({ error: 'must be the signature of the challenge' })
    .max(100, 'must be 64 bytes in base58 or base64')
    .meta({ description: 'the ed25519 signature of the exact text, in base58 or base64' }),
});

/** What developers can ask and say. `vault`: the one whose stakes count; null where none is set. */
export function developerActions(vault: string | null): readonly Action[] {
  const challenge = defineAction({
    name: 'DeveloperController.challenge',
    method: 'post',
    path: '/developers/challenge',
    summary: 'A text for a wallet to sign, with this name and e-mail address, once and within ten minutes',
    ...{ params: nothing, query: nothing, body: personSchema, status: 201 },
    answer: z.object({ challenge: z.string(), nonce: z.string(), expiresAt: z.string() }),
    refusals: ['not-configured'],
    run: async ({ body }, { db, now }) => {
      const made = newChallenge(body, configured(vault), now());
      await challenges(db).insertOne(made);
      return { challenge: made.text, nonce: made._id, expiresAt: made.expiresAt.toISOString() };
    },
  });
  const register = defineAction({
    name: 'DeveloperController.register',
    method: 'post',
    path: '/developers',
    summary: 'Registers a developer, or changes name and e-mail address; a stake that is there counts at once',
    ...{ params: nothing, query: nothing, body: registration, status: 201 },
    answer: developerSchema.extend({ email: z.string() }),
    refusals: ['challenge-not-open', 'signature-invalid', 'not-configured'],
    run: async ({ body }, context) => {
      const counts = configured(vault);
      const developer = await context.transaction((session) => registered(context, session, body, counts));
      const stake = (await readStakes(context.db, counts, [body.wallet])).get(body.wallet);
      return { ...developerView(body.wallet, developer, stake), email: developer.email };
    },
  });
  const list = defineAction({
    name: 'DeveloperController.list',
    method: 'get',
    path: '/developers',
    summary: 'Registered developers by wallet, without their e-mail addresses',
    ...{ params: nothing, body: nothing, status: 200 },
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(PAGE_AT_MOST).default(PAGE),
      cursor: addressField('`nextCursor` of the page before').optional(),
    }),
    answer: z.object({ items: z.array(developerSchema), nextCursor: z.string().nullable() }),
    run: async ({ query: { limit, cursor } }, { db }) => {
      const after = cursor === undefined ? {} : { _id: { $gt: cursor } };
      const found = await developers(db)
        .find(after)
        .sort({ _id: 1 })
        .limit(limit + 1)
        .toArray();
      const page = found.slice(0, limit);
      const stakes =
        vault === null
          ? new Map<string, never>()
          : await readStakes(
              db,
              vault,
              page.map(({ _id }) => _id),
            );
      return {
        items: page.map((developer) => developerView(developer._id, developer, stakes.get(developer._id))),
        nextCursor: found.length > limit ? (page.at(-1)?._id ?? null) : null,
      };
    },
  });
  const one = defineAction({
    name: 'DeveloperController.one',
    method: 'get',
    path: '/developers/:wallet',
    summary: 'One developer; also a wallet that has a stake and has not registered',
    ...{ params: z.strictObject({ wallet }), query: nothing, body: nothing, status: 200 },
    answer: developerSchema,
    refusals: ['not-found'],
    run: async ({ params }, { db }) => {
      const developer = await developers(db).findOne({ _id: params.wallet });
      const stake = vault === null ? undefined : (await readStakes(db, vault, [params.wallet])).get(params.wallet);
      return developer || stake ? developerView(params.wallet, developer, stake) : null;
    },
  });
  return [challenge, register, list, one];
}

async function registered(
  { db, now, release }: ActionContext,
  session: Parameters<ActionContext['release']>[0],
  body: z.infer<typeof registration>,
  vault: string,
): Promise<Developer> {
  const { name, email } = body;
  const open = await challenges(db).findOne({ _id: body.nonce, wallet: body.wallet }, { session });
  assertAnswered(open, body, now());
  const before = await developers(db).findOne({ _id: body.wallet }, { session });
  if (open.usedAt !== null) {
    // The same request once more: its answer was lost on the way.
    if (before?.name === name && before.email === email) return before;
    throw notOpen('was answered already, and the registration was changed since');
  }
  const developer = { _id: body.wallet, name, email, registeredAt: before?.registeredAt ?? now(), updatedAt: now() };
  await challenges(db).updateOne({ _id: open._id }, { $set: { usedAt: now() } }, { session });
  await developers(db).replaceOne({ _id: developer._id }, developer, { session, upsert: true });
  await release(session, welcomeOf(body.wallet), {
    // Final before the vault was set, it caused nothing then.
    isCaused: (await readFinalStake(db, vault, body.wallet, session)) !== null,
    isChanged: before !== null && before.email !== email,
  });
  return developer;
}

function assertAnswered(
  challenge: Challenge | null,
  { wallet, name, email, signature }: z.infer<typeof registration>,
  now: Date,
): asserts challenge is Challenge {
  if (!challenge) throw notOpen('is unknown for this wallet');
  if (challenge.expiresAt <= now) throw notOpen('has expired');
  if (challenge.name !== name || challenge.email !== email) {
    throw notOpen('is for another name or e-mail address, which the signed text contains');
  }
  if (isSignedBy(wallet, challenge.text, signature)) return;
  throw new MooringError(
    'signature-invalid',
    "The signature is not the wallet's of this challenge. Sign the text exactly as it came, as UTF-8, and send 64 bytes in base58 or base64.",
  );
}

function notOpen(why: string): MooringError {
  return new MooringError(
    'challenge-not-open',
    `The challenge ${why}. Ask for a new one: POST /api/developers/challenge.`,
  );
}

function configured(vault: string | null): string {
  if (vault !== null) return vault;
  throw new MooringError('not-configured', 'No vault is set whose stakes make developers: set STAKE_VAULT_ADDRESS.');
}
