import { defineRoutes } from '../../domain-kit/routes.js';
import { PacketController } from './controllers/packet-controller.js';
import { redPackets } from './module.js';

/** What red packets add to the HTTP API. */
export const redPacketRoutes = defineRoutes(redPackets, Object.values(PacketController));
