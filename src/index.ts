/** What people import from mooring. Everything else is internal and may change. */
export { BlockchainEventListener, blockchainEventListener } from './app/blockchain-event-listener.js';
export type { BlockchainEventListenerStatus } from './app/blockchain-event-listener.js';
export type { AnnouncedEvent, AnnouncedTransaction } from './app/event-announcer.js';
export { BlockchainSync, blockchainSync } from './app/blockchain-sync.js';
export type { SyncedAccount } from './app/sync-account.js';
export { eventSyncConfig, type EventSyncConfig } from './app/event-sync-config.js';
export { stableEvents, type StableEventsOptions } from './app/stable-events.js';
export { openEventsService, type EventsService } from './app/events-service.js';
export { readConfig, type Config } from './config/env.js';
export { decodeTransaction } from './decoding/decode-transaction.js';
export { EventParser } from './decoding/event-parser.js';
export { compileProgramCodec } from './decoding/idl-codec.js';
export type { DeliverOutcome } from './delivery/desk/deliver-event.js';
export type { InvokeOutcome } from './delivery/desk/invoke-dispatcher.js';
export { defineJob } from './delivery/jobs/define-job.js';
export type { Job, JobContext, JobSpec } from './delivery/jobs/define-job.js';
export { defineAction, type Action, type ActionContext } from './domain-kit/action.js';
export { CommandRefused, defineCommand, signerFor } from './domain-kit/command.js';
export type { Command, CommandContext, CommandPlan } from './domain-kit/command.js';
export {
  addressField,
  integerField,
  signerField,
  textField,
  timeField,
  u64Field,
} from './domain-kit/command-fields.js';
export { createInstructionBuilder, type InstructionBuilder } from './domain-kit/command-instruction.js';
export { defineModule } from './domain-kit/domain-module.js';
export type {
  AccountHandler,
  DomainModule,
  EventHandler,
  Idl,
  IdlRange,
  ModuleDefinition,
  ProgramEvent,
} from './domain-kit/domain-module.js';
export { field } from './domain-kit/field.js';
export type { Field, Fields, FieldValue, Values } from './domain-kit/field.js';
export type { CausedMessage, FinalizedHandler, Letter, LetterOf, MessageName } from './domain-kit/message.js';
export { defineFact, defineState } from './domain-kit/model.js';
export type { FactModel, Model, ModelIndex, StateModel } from './domain-kit/model.js';
export { definePush, pushAfterCorrection, pushResult } from './domain-kit/push.js';
export type { ProgramSettings } from './domain-kit/program-settings.js';
export type { Push, PushMessage, PushOfDocument, PushOfEvent, Room, RoomKey } from './domain-kit/push.js';
export { defineRoutes } from './domain-kit/routes.js';
export type { DomainRoutes, ReadRoute } from './domain-kit/routes.js';
export { defineSettle } from './domain-kit/settle.js';
export type { Settle } from './domain-kit/settle.js';
export { close, fact, state } from './domain-kit/writes.js';
export type { Write } from './domain-kit/writes.js';
export type { StableEvent, StableItem, StableSlot } from './ledger/stable-stream.js';
export type { StreamStart } from './ledger/stream-cursor.js';
export { MooringError } from './lib/errors.js';
