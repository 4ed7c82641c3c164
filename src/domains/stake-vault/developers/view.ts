import { z } from 'zod';
import type { Developer, DeveloperStake } from './records.js';

/** A developer as anybody may see one: the e-mail address is not there. */
export const developerSchema = z
  .object({
    wallet: z.string(),
    registered: z.boolean().meta({ description: 'false: a stake alone, kept until its wallet registers' }),
    name: z.string().nullable(),
    status: z
      .enum(['active', 'inactive', 'pending'])
      .meta({ description: 'active: there is a stake. inactive: it was taken out. pending: there never was one' }),
    stakeAmount: z.string().meta({ description: 'in millionths of a token, as digits' }),
    stakedAt: z.string().nullable(),
    registeredAt: z.string().nullable(),
    updatedAt: z.string().nullable(),
  })
  .meta({ id: 'Developer' });

/** Shows a registration together with the stake as it is now. */
export function developerView(wallet: string, developer: Developer | null, stake: DeveloperStake | undefined) {
  return {
    wallet,
    registered: developer !== null,
    name: developer?.name ?? null,
    status: stake?.status ?? 'pending',
    stakeAmount: (stake?.staked ?? 0n).toString(),
    stakedAt: stake?.stakedAt.toISOString() ?? null,
    registeredAt: developer?.registeredAt.toISOString() ?? null,
    updatedAt: developer?.updatedAt.toISOString() ?? null,
  };
}
