import { inject } from 'vitest';
import { runBuiltCopies } from '../../src/dev/node-arguments.js';
import './provided.js';

/** Before each test file: the processes that it starts are built already. */
runBuiltCopies(inject('builtCopies'));
