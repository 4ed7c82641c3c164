import { expect, it } from 'vitest';
import { auditCommand } from '../../../scripts/demo/audit-command.js';

const stack = { rpcUrls: ['http://127.0.0.1:8899'], wsUrls: ['ws://127.0.0.1:8900'], databaseName: 'mooring' };

it('names all that a process beside the stack needs, as a shell takes it', () => {
  expect(auditCommand({ ...stack, databaseUri: 'mongodb://127.0.0.1:27017/?replicaSet=rs0' })).toBe(
    'SOLANA_RPC_URL=http://127.0.0.1:8899 SOLANA_WS_URL=ws://127.0.0.1:8900 ' +
      "MONGODB_URI='mongodb://127.0.0.1:27017/?replicaSet=rs0' MONGODB_DATABASE=mooring npm run audit",
  );
});

it("does not show the caller's own MONGODB_URI", () => {
  expect(auditCommand({ ...stack, databaseUri: null })).not.toContain('MONGODB_URI');
});
