import type { Action } from './action.js';
import type { Command } from './command.js';
import type { DomainModule } from './domain-module.js';
import type { Model } from './model.js';

/** A collection that is served: a list and a single document. */
export interface ReadRoute {
  /** Below `/api`. */
  readonly path: string;
  readonly model: Model;
  readonly summary: string;
}

/** What one domain adds to the HTTP API. */
export interface DomainRoutes {
  readonly module: DomainModule;
  readonly reads: readonly ReadRoute[];
  readonly commands: readonly Command[];
  readonly actions: readonly Action[];
}

/** Serves every collection of a module under its own name, and the given commands and actions. */
export function defineRoutes(
  module: DomainModule,
  commands: readonly Command[] = [],
  actions: readonly Action[] = [],
): DomainRoutes {
  const reads = module.models.map((model) => ({
    path: `/${model.collection}`,
    model,
    summary:
      model.kind === 'state'
        ? `${model.collection} as their accounts are on chain`
        : `${model.collection}, one for each event that made it`,
  }));
  return { module, reads, commands, actions };
}
