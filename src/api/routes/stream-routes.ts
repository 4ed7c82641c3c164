import { Router } from 'express';
import type { EventStreams } from '../event-streams.js';
import { readStreamRequest, type StreamedProgram } from '../stream-request.js';

/** `/stream`: the final events of a program as they become so, as Server-Sent Events. */
export function streamRoutes(streams: Pick<EventStreams, 'serve'>, programs: readonly StreamedProgram[]): Router {
  const router = Router();
  router.get('/stream', async (request, response) => {
    const asked = readStreamRequest(request.query, request.get('last-event-id'), programs);
    if (request.method === 'HEAD') response.type('text/event-stream').end();
    else await streams.serve(asked, response);
  });
  return router;
}
