import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { camelCase } from '../src/decoding/camel-case.js';
import { messageOf } from '../src/lib/errors.js';
import { toJson } from '../src/lib/json.js';
import { commandLine } from './command/command-line.js';
import { reportFailure } from './command/report-failure.js';

/**
 * Writes `idl/<name>.ts` for every `idl/<name>.json`: the types of decoded events and accounts as handlers see them
 * (fields in camelCase, u64 and wider as bigint, addresses as base58 strings, variants with fields as objects with a
 * `kind`). `--check` writes nothing and exits with 1 when a file is not what its IDL says.
 */
interface IdlNamedField {
  name: string;
  type: IdlType;
}
/** Named, or a place of a tuple. */
type IdlField = IdlNamedField | IdlType;
type IdlType =
  | string
  | { option: IdlType }
  | { coption: IdlType }
  | { vec: IdlType }
  | { array: [IdlType, number] }
  | { defined: { name: string; generics?: unknown[] } };
interface IdlTypeDef {
  name: string;
  generics?: unknown[];
  type:
    | { kind: 'struct'; fields?: IdlField[] }
    | { kind: 'enum'; variants: { name: string; fields?: IdlField[] }[] }
    | { kind: 'type'; alias: IdlType };
}
interface IdlFile {
  metadata: { name: string };
  events?: { name: string }[];
  accounts?: { name: string }[];
  types?: IdlTypeDef[];
}

const camel = (name: string): string => name.replace(/_+(.)/g, (_, letter: string) => letter.toUpperCase());
const pascal = (name: string): string => camel(`_${name.replaceAll('-', '_')}`);

function typeOf(type: IdlType): string {
  if (typeof type === 'string') {
    if (['u8', 'u16', 'u32', 'i8', 'i16', 'i32', 'f32', 'f64'].includes(type)) return 'number';
    if (/^[ui](64|128|256)$/.test(type)) return 'bigint';
    if (type === 'bool') return 'boolean';
    if (type === 'bytes') return 'Uint8Array';
    return 'string';
  }
  if ('option' in type) return `${typeOf(type.option)} | null`;
  if ('coption' in type) return `${typeOf(type.coption)} | null`;
  if ('vec' in type) return type.vec === 'u8' ? 'Uint8Array' : `readonly (${typeOf(type.vec)})[]`;
  if ('array' in type) return type.array[0] === 'u8' ? 'Uint8Array' : `readonly (${typeOf(type.array[0])})[]`;
  // Generics are decoded, but have no type here: `unknown` makes the handler look.
  return type.defined.generics?.length ? 'unknown' : type.defined.name;
}

/** The members that a struct or a variant has, as the decoder names them. */
function membersOf(fields: readonly IdlField[] = [], isVariant = false): string[] {
  return fields.map((field, index) => {
    if (typeof field === 'string' || !('name' in field)) return `readonly ${index}: ${typeOf(field)};`;
    const name = camelCase(field.name);
    // `kind` is the variant's own name.
    return `readonly ${isVariant && name === 'kind' ? 'kind_' : name}: ${typeOf(field.type)};`;
  });
}

function render(idl: IdlFile, source: string): string {
  const defs = new Map((idl.types ?? []).map((def) => [def.name, def]));
  const prefix = pascal(idl.metadata.name);
  const lines = [`// Generated from ${source} by \`npm run idl-types\`. Do not edit.`, ''];
  for (const def of defs.values()) {
    if (def.generics?.length) continue;
    if (def.type.kind === 'enum') {
      const { variants: all } = def.type;
      const isPlain = all.every(({ fields }) => !fields?.length);
      const variants = all.map(({ name, fields }) => {
        const kind = `'${camelCase(name)}'`;
        return isPlain ? kind : `{ ${[`readonly kind: ${kind};`, ...membersOf(fields, true)].join(' ')} }`;
      });
      lines.push(`export type ${def.name} = ${variants.join(' | ')};`, '');
      continue;
    }
    if (def.type.kind === 'type') {
      lines.push(`export type ${def.name} = ${typeOf(def.type.alias)};`, '');
      continue;
    }
    const members = membersOf(def.type.fields).map((member) => `  ${member}`);
    lines.push(`export interface ${def.name} {`, ...members, '}', '');
  }
  const table = (title: string, entries: { name: string }[]) => [
    `export interface ${prefix}${title} {`,
    ...entries.map(({ name }) => `  readonly ${name}: ${name};`),
    '}',
    '',
  ];
  lines.push(...table('Events', idl.events ?? []), ...table('Accounts', idl.accounts ?? []));
  return lines.join('\n');
}

/** Why types cannot be made from this file; null when they can. An IDL without events is left alone. */
function complaintAbout(idl: Partial<IdlFile>): string | null {
  const isModern = typeof idl.metadata?.name === 'string' && typeof (idl as { address?: unknown }).address === 'string';
  if (!isModern) {
    return 'is not an IDL of Anchor 0.30 or later. Convert it with `anchor idl convert`, or build it with a newer Anchor.';
  }
  const defined = new Set((idl.types ?? []).map(({ name }) => name));
  const loose = [...(idl.events ?? []), ...(idl.accounts ?? [])].filter(({ name }) => !defined.has(name));
  return loose.length === 0 ? null : `does not define ${loose.map(({ name }) => name).join(', ')} under "types".`;
}

const { check, folder, json } = commandLine('idl-types')
  .description('Writes idl/<name>.ts for every idl/<name>.json: the types of its events and accounts.')
  .option('--check', 'write nothing, only say which files are not what their IDL says')
  .option('--json', 'print one JSON object as the last line', false)
  .addHelpText(
    'after',
    `
Exit code: 0 done, 1 a file is not what its IDL says or cannot be used, 2 wrong arguments, or no such folder.

Examples:
  npm run idl-types
  npm run idl-types -- --check
  npm run idl-types -- --folder programs/idl --json | tail -1 | jq .written`,
  )
  .option('--folder <path>', 'where the IDLs are, seen from the working directory', 'idl')
  .parse()
  .opts<{ check?: boolean; folder: string; json: boolean }>();

await reportFailure({ what: 'The types could not be made', json }, async () => {
  let failures = 0;
  const written: string[] = [];
  const format = await findFormatter();
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.json'))) {
    const idl = await readIdl(join(folder, file));
    const complaint = typeof idl === 'string' ? idl : complaintAbout(idl);
    if (typeof idl === 'string' || complaint !== null) {
      failures += 1;
      console.error(`idl/${file} ${complaint}`);
      continue;
    }
    if (!idl.events?.length) {
      console.log(`idl/${file}: no events, no types needed`);
      continue;
    }
    const name = file.replace(/\.json$/, '.ts');
    const target = join(folder, name);
    const text = await format(render(idl, `idl/${file}`), target);
    const current = await readFile(target, 'utf8').catch(() => '');
    if (check && current !== text) {
      failures += 1;
      console.error(`idl/${name} is not what idl/${file} says: run npm run idl-types`);
    } else if (current === text) {
      console.log(`idl/${name} is what idl/${file} says`);
    } else {
      await writeFile(target, text);
      written.push(name);
      console.log(`idl/${name} written`);
    }
  }
  if (json) console.log(toJson({ written, failures }));
  process.exitCode = failures > 0 ? 1 : 0;
});

/** As the project around it formats its code; where it has no prettier, as it is. */
async function findFormatter(): Promise<(text: string, path: string) => Promise<string>> {
  try {
    const prettier = await import('prettier');
    return async (text, path) =>
      prettier.format(text, { ...(await prettier.resolveConfig(path)), parser: 'typescript' });
  } catch {
    return (text) => Promise.resolve(text);
  }
}

/** The IDL, or why it cannot be read. */
async function readIdl(path: string): Promise<IdlFile | string> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as IdlFile;
  } catch (error) {
    return `cannot be read: ${messageOf(error)}`;
  }
}
