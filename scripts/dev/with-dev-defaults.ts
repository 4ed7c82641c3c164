/** What is otherwise in development than elsewhere, where nobody says how it shall be. */
const DEV_DEFAULTS = {
  LOG_LEVEL: 'info',
  LOG_PRETTY: 'true',
  // The first receiver that anybody tries listens on localhost, without TLS.
  WEBHOOKS_ALLOW_PRIVATE: 'true',
} as const;

/** An environment as `npm run dev` completes it. A variable that is empty counts as not set, as everywhere. */
export function withDevDefaults(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const missing = Object.entries(DEV_DEFAULTS).filter(([name]) => (environment[name] ?? '').trim() === '');
  return { ...environment, ...Object.fromEntries(missing) };
}
