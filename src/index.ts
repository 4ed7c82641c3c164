/** What people import from mooring. Everything else is internal and may change. */
export { BlockchainEventListener, blockchainEventListener } from './app/blockchain-event-listener.js';
export type { BlockchainEventListenerStatus } from './app/blockchain-event-listener.js';
export type { AnnouncedEvent, AnnouncedTransaction } from './app/event-announcer.js';
export { readConfig, type Config } from './config/env.js';
export { decodeTransaction } from './decoding/decode-transaction.js';
export { EventParser } from './decoding/event-parser.js';
export { compileProgramCodec } from './decoding/idl-codec.js';
export { defineModule } from './domain-kit/domain-module.js';
export type { AccountHandler, DomainModule, EventHandler, Idl, ProgramEvent } from './domain-kit/domain-module.js';
export { field } from './domain-kit/field.js';
export { defineFact, defineState } from './domain-kit/model.js';
export { defineSettle } from './domain-kit/settle.js';
export { close, fact, state } from './domain-kit/writes.js';
export type { Write } from './domain-kit/writes.js';
export { MooringError } from './lib/errors.js';
