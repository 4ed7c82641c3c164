import type { Dispatchable, Dispatcher } from './dispatcher.js';

type WithoutSecrets<T> = T extends unknown ? Omit<T, 'secrets'> : never;

/** What a dispatcher invokes, as it is asked for and stored: whoever makes it does not choose its secrets. */
export type Target = WithoutSecrets<Dispatchable>;

/** A dispatcher as an application asks for it. */
export interface DispatcherDefinition extends Pick<
  Dispatcher,
  'events' | 'source' | 'filter' | 'filterMode' | 'commitment' | 'account' | 'manual' | 'orderBy'
> {
  readonly dispatchable: Target;
  /** Undefined: as it is, and enabled when it is new. */
  readonly enabled?: boolean | undefined;
}

/** A dispatcher as it is stored. */
export interface StoredDispatcher extends Omit<Dispatcher, 'filter' | 'endpointRevision'> {
  /** As JSON: operators begin with `$`, and keys have dots, which are no names of fields. */
  readonly filter: string;
  /** Raised with every change of what it is, so that two who change it at once notice. */
  readonly revision: number;
  /** Unset: 0. */
  readonly endpointRevision?: number;
}

/** The secrets of a target; null where nobody is told over HTTP, so that nothing is signed. */
export function secretsOf(dispatchable: Dispatchable): readonly string[] | null {
  return dispatchable.kind === 'job' ? null : dispatchable.secrets;
}

/** Where a target is told over HTTP; null: nowhere. */
export function urlOf(target: Target): string | null {
  return target.kind === 'job' ? null : target.url;
}

/** Whether what is known of its endpoint holds no longer once a dispatcher is what the definition says. */
export function isMended(
  known: Pick<StoredDispatcher, 'dispatchable' | 'enabled'>,
  { dispatchable, enabled }: Pick<DispatcherDefinition, 'dispatchable' | 'enabled'>,
): boolean {
  return urlOf(known.dispatchable) !== urlOf(dispatchable) || (enabled === true && !known.enabled);
}

/** A target with its secrets. One that needs a secret and has none gets what `newSecret` makes. */
export function withSecrets(
  target: Target,
  known: readonly string[],
  newSecret: () => string,
): { readonly dispatchable: Dispatchable; readonly secret: string | null } {
  if (target.kind === 'job') return { dispatchable: target, secret: null };
  const secret = known.length === 0 ? newSecret() : null;
  return { dispatchable: { ...target, secrets: secret === null ? known : [secret] }, secret };
}

/** The secrets once a new one is made: requests are signed with both until the next one, or with the new one alone. */
export function rotated(secrets: readonly string[], secret: string, keepsOld: boolean): readonly string[] {
  return [secret, ...(keepsOld ? secrets.slice(0, 1) : [])];
}

/** What a definition says of a stored dispatcher, apart from what it invokes. */
export function definedFields({ filter, enabled, dispatchable: _, ...fields }: DispatcherDefinition, now: Date) {
  return {
    ...fields,
    filter: JSON.stringify(filter),
    ...(enabled === undefined ? {} : { enabled, disabledReason: null }),
    updatedAt: now,
  };
}

/** A stored dispatcher as everybody else knows it. */
export function dispatcherFrom({ filter, revision: _, endpointRevision = 0, ...rest }: StoredDispatcher): Dispatcher {
  return { ...rest, filter: JSON.parse(filter) as Dispatcher['filter'], endpointRevision };
}
