import { Router } from 'express';
import { z } from 'zod';
import type { SignerView } from '../../transactions/signer-view.js';
import type { SignerOperations } from '../ports.js';
import { Problem } from '../problem.js';
import { jsonValue } from '../../lib/json-value.js';
import { jsonBody, validated, noFields } from '../request-validation.js';

/** Why a signer is paused: whoever finds it paused wants to know. */
export const pauseRequestSchema = z.strictObject({
  reason: z.string().trim().min(1, 'must say why').max(500, 'must have at most 500 characters'),
});

/** Who signs, for whom, and how that goes. */
export function signerRoutes(signers: SignerOperations): Router {
  const router = Router();
  router.get('/signers', async (_request, response) => {
    response.json({ items: (await signers.list()).map(signerAnswer) });
  });
  router.get('/signers/:address', async (request, response) => {
    response.json(await shown(request.params.address));
  });
  router.post('/signers/:address/pause', async (request, response) => {
    const { address } = request.params;
    const { reason } = validated(pauseRequestSchema, jsonBody(request));
    await shown(address);
    await signers.pause(address, reason);
    response.json(await shown(address));
  });
  router.post('/signers/:address/resume', async (request, response) => {
    const { address } = request.params;
    validated(noFields, jsonBody(request));
    await shown(address);
    await signers.resume(address);
    response.json(await shown(address));
  });
  return router;

  async function shown(address: string): Promise<unknown> {
    const signer = await signers.read(address);
    if (!signer) {
      throw new Problem('not-found', `Nobody serves ${address}, and no request ever named it as its signer.`);
    }
    return signerAnswer(signer);
  }
}

function signerAnswer(view: SignerView): unknown {
  return jsonValue(view);
}
