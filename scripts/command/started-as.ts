import { basename } from 'node:path';

/** True where the process is `mooring <command>`, installed or from source; false for `npm run <script>`. */
function isMooring(startedFile: string | undefined): boolean {
  return /^mooring(\.[jt]s)?$/.test(basename(startedFile ?? ''));
}

/** What a person types before a command's options. */
export function startedAs(script: string, startedFile = process.argv[1]): string {
  return isMooring(startedFile) ? `mooring ${script}` : `npm run ${script} --`;
}

/** How a person starts another command from the same place, without options. */
export function startLine(script: string, startedFile = process.argv[1]): string {
  return isMooring(startedFile) ? `npx mooring ${script}` : `npm run ${script}`;
}

/** Help is written as for `npm run`; whoever started `mooring` is told what works there. */
export function asStarted(text: string, startedFile = process.argv[1]): string {
  if (!isMooring(startedFile)) return text;
  return text
    .replace(/npm run (?:-s )?([a-z][\w-]*)(?: --(?= ))?/g, 'mooring $1')
    .replace(/npm start/g, 'mooring start');
}
