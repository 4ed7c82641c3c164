import idl from '../../../idl/red-packets.json' with { type: 'json' };
import type { RedPacketsAccounts, RedPacketsEvents } from '../../../idl/red-packets.js';
import { defineModule, type DomainModule } from '../../domain-kit/domain-module.js';
import { redPacketAccounts } from './account-sync.js';
import { redPacketEvents } from './event-handlers.js';
import { Packet, PacketClaim, PacketCrown, PacketDraw, User } from './models.js';
import { redPacketPush } from './push.js';
import { bestClaim, type CrownWhen } from './settle.js';

/** Red packets: a sum, shared among whoever comes first. `crown`: when the luckiest claim is named. */
export function defineRedPackets({ crown = 'always' }: { readonly crown?: CrownWhen } = {}): DomainModule {
  return defineModule<RedPacketsEvents, RedPacketsAccounts>({
    name: 'red-packets',
    version: 2,
    program: { idl },
    models: [Packet, PacketClaim, PacketDraw, PacketCrown, User],
    events: redPacketEvents,
    accounts: redPacketAccounts,
    settle: bestClaim(crown),
    push: redPacketPush,
  });
}

/** With the crown moving as shares are drawn. */
export const redPackets = defineRedPackets();
