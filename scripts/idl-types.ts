import { readdir, readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import * as prettier from 'prettier';

/**
 * Writes `idl/<name>.ts` for every `idl/<name>.json`: the types of decoded events and accounts as handlers see them
 * (fields in camelCase, u64 and wider as bigint, addresses as base58 strings). `--check` writes nothing and exits
 * with 1 when a file is not what its IDL says.
 */
interface IdlField {
  name: string;
  type: IdlType;
}
type IdlType =
  string | { option: IdlType } | { vec: IdlType } | { array: [IdlType, number] } | { defined: { name: string } };
interface IdlTypeDef {
  name: string;
  type:
    | { kind: 'struct'; fields?: IdlField[] }
    | { kind: 'enum'; variants: { name: string; fields?: (IdlField | IdlType)[] }[] };
}
interface IdlFile {
  metadata: { name: string };
  events?: { name: string }[];
  accounts?: { name: string }[];
  types?: IdlTypeDef[];
}

const camel = (name: string): string => name.replace(/_+(.)/g, (_, letter: string) => letter.toUpperCase());
const pascal = (name: string): string => camel(`_${name.replaceAll('-', '_')}`);
const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

function typeOf(type: IdlType): string {
  if (typeof type === 'string') {
    if (['u8', 'u16', 'u32', 'i8', 'i16', 'i32', 'f32', 'f64'].includes(type)) return 'number';
    if (/^[ui](64|128|256)$/.test(type)) return 'bigint';
    if (type === 'bool') return 'boolean';
    if (type === 'bytes') return 'Uint8Array';
    return 'string';
  }
  if ('option' in type) return `${typeOf(type.option)} | null`;
  if ('vec' in type) return `readonly (${typeOf(type.vec)})[]`;
  if ('array' in type) return type.array[0] === 'u8' ? 'Uint8Array' : `readonly (${typeOf(type.array[0])})[]`;
  return type.defined.name;
}

function render(idl: IdlFile, source: string): string {
  const defs = new Map((idl.types ?? []).map((def) => [def.name, def]));
  const prefix = pascal(idl.metadata.name);
  const lines = [`// Generated from ${source} by \`npm run idl-types\`. Do not edit.`, ''];
  for (const def of defs.values()) {
    if (def.type.kind === 'enum') {
      const variants = def.type.variants.map((variant) => `'${lowerFirst(variant.name)}'`);
      lines.push(`export type ${def.name} = ${variants.join(' | ')};`, '');
      continue;
    }
    lines.push(`export interface ${def.name} {`);
    for (const item of def.type.fields ?? []) lines.push(`  readonly ${camel(item.name)}: ${typeOf(item.type)};`);
    lines.push('}', '');
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

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const folder = new URL('../idl/', import.meta.url);
let stale = 0;
for (const file of (await readdir(folder)).filter((name) => name.endsWith('.json'))) {
  const idl = JSON.parse(await readFile(new URL(file, folder), 'utf8')) as IdlFile;
  if (!idl.events?.length) continue;
  const target = new URL(file.replace(/\.json$/, '.ts'), folder);
  const options = await prettier.resolveConfig(target.pathname);
  const text = await prettier.format(render(idl, `idl/${file}`), { ...options, parser: 'typescript' });
  if (values.check) {
    const current = await readFile(target, 'utf8').catch(() => '');
    if (current !== text) {
      stale += 1;
      console.error(`idl/${file.replace(/\.json$/, '.ts')} is not what idl/${file} says: run npm run idl-types`);
    }
  } else {
    await writeFile(target, text);
  }
}
process.exitCode = stale > 0 ? 1 : 0;
