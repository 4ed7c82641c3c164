import { collectedMemory } from './memory-probe.js';

// Imported before a command that is measured: its parent asks, this answers. It does not keep the command running.
process.on('message', () => process.send?.(collectedMemory()));
process.channel?.unref();
