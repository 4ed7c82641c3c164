import type { DomainModule } from '../../domain-kit/domain-module.js';
import { defineRoutes, type DomainRoutes } from '../../domain-kit/routes.js';
import { PacketController } from './controllers/packet-controller.js';
import { redPackets } from './module.js';

/** Red packets with what they add to the HTTP API. */
export function redPacketRoutes(module: DomainModule = redPackets): DomainRoutes {
  return defineRoutes(module, Object.values(PacketController));
}
