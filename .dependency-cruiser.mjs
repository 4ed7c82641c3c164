/**
 * The import directions of ARCHITECTURE.md. Each folder of src may import itself and those named here; anything else
 * is an error. A folder that is missing from this table may import nothing and nobody notices it by accident:
 * `every-layer-is-declared` fails for it.
 */
const LAYERS = {
  lib: [],
  config: ['lib'],
  telemetry: ['lib', 'config'],
  store: ['lib', 'config', 'telemetry'],
  chain: ['lib', 'config', 'telemetry'],
  decoding: ['lib'],
  ledger: ['lib', 'store'],
  leases: ['lib', 'store'],
  'domain-kit': ['lib', 'decoding', 'ledger', 'chain'],
  domains: ['domain-kit', 'lib'],
  pipeline: ['lib', 'telemetry', 'store', 'chain', 'decoding', 'ledger', 'leases', 'domain-kit'],
  recovery: ['pipeline', 'lib', 'telemetry', 'store', 'chain', 'decoding', 'ledger', 'leases', 'domain-kit'],
  reconcile: ['chain', 'decoding', 'ledger', 'leases', 'domain-kit', 'pipeline', 'lib', 'telemetry', 'store'],
  transactions: ['lib', 'store', 'chain', 'leases', 'telemetry'],
  delivery: ['domain-kit', 'ledger', 'lib', 'store', 'leases', 'telemetry'],
  push: ['lib', 'ledger', 'domain-kit', 'telemetry'],
  api: ['domain-kit', 'ledger', 'transactions', 'delivery', 'lib', 'telemetry'],
  ops: ['lib', 'telemetry', 'ledger', 'leases'],
  dev: ['lib', 'config', 'telemetry'],
};

const names = Object.keys(LAYERS);

export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'not-resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'every-layer-is-declared',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(${names.join('|')}|app|index\\.ts)` },
      to: { path: '.' },
    },
    ...names.map((name) => ({
      name: `layer-${name}`,
      comment: `src/${name} may import: ${LAYERS[name].join(', ') || 'nothing'}`,
      severity: 'error',
      from: { path: `^src/${name}/` },
      to: { path: '^src/', pathNot: `^src/(${[name, ...LAYERS[name]].join('|')})/` },
    })),
    {
      name: 'domains-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/domains/([^/]+)/' },
      to: { path: '^src/domains/[^/]+/', pathNot: '^src/domains/$1/' },
    },
    {
      name: 'only-app-and-scripts-wire',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(app/|index\\.ts$)' },
      to: { path: '^src/app/' },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { path: '^(src|workers|scripts)/' },
      to: { path: '^test/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types'],
    },
  },
};
