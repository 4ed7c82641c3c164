import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Keypair } from '@solana/web3.js';
import { startApi, type ApiProcess } from '../../../src/app/api-process.js';
import { startEventWorker } from '../../../src/app/event-worker.js';
import { layFoundation, type Foundation } from '../../../src/app/foundation.js';
import { readConfig } from '../../../src/config/env.js';
import type { DomainRoutes } from '../../../src/domain-kit/routes.js';
import { couponRoutes } from '../../../src/domains/coupons/routes.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { startFaultProxy, type FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { createTestDatabase } from '../../support/test-database.js';

/** A document as the API shows it. */
export type Document = Readonly<Record<string, unknown>> & { readonly address: string; readonly id: string };

/** The bodies of all answers at once; a test looks at what it expects there. */
export interface Body extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly address: string;
  readonly addresses: Readonly<Record<string, string | string[]>>;
  readonly signature: string;
  readonly slot: number;
  readonly commitment: string;
  readonly document: Document | null;
  readonly documents: readonly (Document | null)[];
  readonly statusUrl: string;
  readonly items: readonly Document[];
  readonly nextCursor: string | null;
  readonly detail: string;
  readonly errors: readonly { readonly field: string; readonly message: string }[];
  readonly differences: readonly { readonly part: string; readonly prepared: unknown; readonly submitted: unknown }[];
  readonly code: string;
  readonly programError: { readonly name: string; readonly message: string };
  readonly transaction: string;
}

/** An answer of the API, with its body as JSON where it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

/** A whole system: chain, database, event worker and API, with the RPC of both behind a proxy that can break. */
export interface ApiStack {
  readonly chain: TestChain;
  readonly proxy: FaultProxy;
  readonly foundation: Foundation;
  readonly api: ApiProcess;
  readonly databaseUri: string;
  /** Held by the server; the first one is the default. */
  readonly signers: readonly Keypair[];
  readonly addresses: readonly string[];
  readonly token: string;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Like `send` by POST, with an API key. */
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts it, with `signers` funded keypairs in a key file of the server, and of the coupons if no `domains` are named. */
export async function startApiStack(
  options: {
    readonly signers?: number;
    readonly env?: Readonly<Record<string, string>>;
    readonly worker?: boolean;
    readonly domains?: readonly DomainRoutes[];
    /** The way to the database, where it leads through something that can be cut. */
    readonly through?: (databaseUri: string) => string;
  } = {},
): Promise<ApiStack> {
  const domains = options.domains ?? [couponRoutes];
  const modules = domains.map(({ module }) => module);
  const [chain, database, directory] = await Promise.all([
    createTestChain({ programs: modules.map(({ name }) => name) }),
    createTestDatabase(),
    mkdtemp(join(tmpdir(), 'mooring-api-')),
  ]);
  const proxy = await startFaultProxy({ rpcUrl: chain.rpcUrl, wsUrl: chain.wsUrl });
  const signers = await chain.fundedKeypairs(options.signers ?? 3);
  const files = await Promise.all(
    signers.map(async (signer, index) => {
      const path = join(directory, `${index}.json`);
      await writeFile(path, JSON.stringify([...signer.secretKey]));
      return path;
    }),
  );
  const config = readConfig({
    MONGODB_DATABASE: database.name,
    LOG_LEVEL: 'silent',
    PORT: '0',
    SIGNER_KEYPAIRS: files.join(','),
    FINALITY_DELAY_MS: '2000',
    SWEEP_INTERVAL_MS: '1000',
    RATE_LIMIT_PER_MINUTE: '100000',
    RECONCILE_SCHEDULE: 'off',
    START_SLOT: chain.startSlot,
    ...options.env,
  });
  const endpoints = {
    rpcUrls: [proxy.rpcUrl],
    wsUrls: [proxy.wsUrl],
    mongodbUri: options.through?.(database.uri) ?? database.uri,
  };
  const foundation = await layFoundation(config, endpoints, modules, createLogger(config), createMetrics());
  const worker = options.worker === false ? undefined : startEventWorker(foundation, endpoints);
  const api = await startApi(foundation, domains);
  const { token } = await api.apiKeys.create('test', ['read', 'write']);

  const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${api.url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, headers: response.headers, text, body: (isJson ? JSON.parse(text) : {}) as Body };
  };
  return {
    chain,
    proxy,
    foundation,
    api,
    databaseUri: database.uri,
    signers,
    addresses: signers.map((signer) => signer.publicKey.toBase58()),
    token,
    get: (path, headers) => send('GET', path, undefined, headers),
    send,
    post: (path, body, headers) => send('POST', path, body, { authorization: `Bearer ${token}`, ...headers }),
    stop: async () => {
      proxy.heal();
      await api.stop();
      await worker?.stop();
      await foundation.close();
      await proxy.stop();
      await chain.stop();
      await database.drop();
      await rm(directory, { recursive: true });
    },
  };
}

/** The terms of a promotion that is valid for an hour. */
export function promotionTerms(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    title: '$5 off',
    description: 'On everything but books',
    discountBps: 500,
    maxSupply: 20,
    resaleFeeBps: 250,
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    ...changes,
  };
}
