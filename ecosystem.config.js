/**
 * The three processes under PM2: `npm run build && npx pm2 start ecosystem.config.js`. docs/deployment.md says the rest,
 * also what to do about logs, which PM2 does not rotate by itself.
 */

/** A process stops gracefully within 20 s (src/app/run-process.ts); only then may it be killed. */
const KILL_TIMEOUT_MS = 25_000;
/**
 * For connecting, checking indexes and asking the chain. A reload that has waited so long for the new process stops the
 * old one all the same.
 */
const READY_TIMEOUT_MS = 60_000;
/** Grows by half with each failure up to 15 s, and begins anew after 30 s without one. */
const FIRST_RESTART_DELAY_MS = 100;

const common = {
  cwd: import.meta.dirname,
  interpreter: 'node',
  env: { NODE_ENV: 'production' },
  // A process counts as up when it says so, which it does when it listens.
  wait_ready: true,
  listen_timeout: READY_TIMEOUT_MS,
  kill_timeout: KILL_TIMEOUT_MS,
  // Nothing of ours has children, and where there is no `ps`, PM2 finds none and then sends no signal at all.
  treekill: false,
  exp_backoff_restart_delay: FIRST_RESTART_DELAY_MS,
  // Several times what a worker needs (docs/benchmarks.md): who gets there leaks, and a restart loses nothing.
  max_memory_restart: '1G',
  // One file for all processes of a name, without their number in it.
  merge_logs: true,
  // PM2's own monitoring and its look at git: not needed.
  pmx: false,
  vizion: false,
};

const config = {
  apps: [
    // In a cluster the new process serves before the old one stops: `pm2 reload api-server` loses no request.
    { ...common, name: 'api-server', script: 'dist/workers/api.js', exec_mode: 'cluster', instances: 1 },
    { ...common, name: 'event-worker', script: 'dist/workers/event-listener.worker.js', exec_mode: 'fork' },
    { ...common, name: 'reconcile-worker', script: 'dist/workers/reconcile.worker.js', exec_mode: 'fork' },
  ],
};

// PM2 loads this file by require(), which takes from a module what goes by this name.
export { config as 'module.exports' };
