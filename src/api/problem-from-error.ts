import { CommandRefused } from '../domain-kit/command.js';
import { isDatabaseTrouble } from '../lib/database-trouble.js';
import { MooringError } from '../lib/errors.js';
import { Problem, PROBLEMS, type ProblemCode } from './problem.js';

/** The one place where an error becomes an HTTP answer. What nobody foresaw is `internal`, without its words. */
export function problemFromError(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof CommandRefused) {
    const errors = error.field === undefined ? {} : { errors: [{ field: error.field, message: error.message }] };
    return new Problem(error.code, error.message, errors);
  }
  if (error instanceof MooringError && isProblemCode(error.code)) return new Problem(error.code, error.message);
  if (isBodyParserError(error)) return problemFromBodyParser(error);
  if (error instanceof URIError) return new Problem('not-found', 'The path is not valid percent-encoding.');
  if (isDatabaseTrouble(error)) return new Problem('database-unreachable');
  if (isUnreadableBody(error)) {
    return new Problem('invalid-json', 'The body cannot be unpacked: it is not what Content-Encoding says.');
  }
  return new Problem('internal');
}

interface BodyParserError extends Error {
  readonly type: string;
  readonly status: number;
}

/** body-parser marks its errors with a type such as `entity.too.large` (its documentation lists them). */
function isBodyParserError(error: unknown): error is BodyParserError {
  return error instanceof Error && 'type' in error && typeof error.type === 'string' && 'status' in error;
}

/** body-parser passes an error of zlib on as it is, with a status and nothing else of its own: the sender's fault. */
function isUnreadableBody(error: unknown): boolean {
  if (!(error instanceof Error) || !('status' in error) || !('code' in error)) return false;
  return error.status === 400 && typeof error.code === 'string' && /^(Z_|ERR_)/.test(error.code);
}

function problemFromBodyParser(error: BodyParserError): Problem {
  switch (error.type) {
    case 'entity.too.large':
      return new Problem('body-too-large');
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new Problem('unsupported-media-type');
    default:
      return error.status < 500 ? new Problem('invalid-json') : new Problem('internal');
  }
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}
