import { z } from 'zod';
import { DEFAULT_LIMIT, MAX_LIMIT } from './list-query.js';
import { PROBLEMS, type ProblemCode } from './problem.js';

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    detail: z.string().optional(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    programError: z
      .object({ name: z.string(), message: z.string(), code: z.int().nullable(), program: z.string().nullable() })
      .optional(),
    requestId: z.string(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' });

/** The query of a list: its paging, and its filters, each of which may be left out. */
export function queryOf(filters: Readonly<Record<string, z.ZodType>>) {
  return z.object({
    limit: z
      .int()
      .min(1)
      .max(MAX_LIMIT)
      .optional()
      .meta({ description: `1 to ${MAX_LIMIT}; ${DEFAULT_LIMIT} when left out` }),
    cursor: z.string().optional().meta({ description: '`nextCursor` of the page before' }),
    ...Object.fromEntries(Object.entries(filters).map(([name, schema]) => [name, schema.optional()])),
  });
}

/** An answer in JSON. */
export function json(description: string, schema: z.ZodType) {
  return { description, content: { 'application/json': { schema } } };
}

/** Problems by status; several may share one. */
export function problems(...codes: ProblemCode[]) {
  const byStatus: Record<string, { description: string; content: Record<string, { schema: z.ZodType }> }> = {};
  for (const code of codes) {
    const [status, title] = PROBLEMS[code];
    const before = byStatus[status]?.description;
    byStatus[status] = {
      description: before === undefined ? title : `${before}; or: ${title}`,
      content: { 'application/problem+json': { schema: problemSchema } },
    };
  }
  return byStatus as Record<`${4 | 5}${string}`, (typeof byStatus)[string]>;
}

/** What an operation is about: the first part of its path. */
export function resourceOf(path: string): string {
  return path.split('/')[1] ?? '';
}
