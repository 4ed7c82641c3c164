import type { OpenApiDocument } from './openapi.js';

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly unknown[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema?: Schema;
    readonly required?: boolean;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
  readonly responses?: Readonly<Record<string, { readonly description: string }>>;
}

interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** The OpenAPI document as one page of plain HTML: no script, nothing from elsewhere. `pages` are linked. */
export function docsPage(
  document: OpenApiDocument,
  pages: readonly { readonly path: string; readonly title: string }[] = [],
): string {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({ path, method, operation })),
  );
  const tags = [...new Set(operations.map(({ operation }) => operation.tags?.[0] ?? ''))];
  const sections = tags.map((tag) => {
    const entries = operations.filter(({ operation }) => (operation.tags?.[0] ?? '') === tag);
    return `<section><h2 id="${escape(tag)}">${escape(tag)}</h2>${entries.map(operationHtml).join('\n')}</section>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(document.info.title)} API</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<header><h1>${escape(document.info.title)} API <small>${escape(document.info.version)}</small></h1>
<p>${prose(document.info.description ?? '')}</p>
<p><a href="/openapi.json">openapi.json</a> · <a href="/problems">problems</a> · <a href="/api/status">status</a>${pages.map(({ path, title }) => ` · <a href="${escape(path)}/">${escape(title)}</a>`).join('')}</p>
<nav>${tags.map((tag) => `<a href="#${escape(tag)}">${escape(tag)}</a>`).join(' ')}</nav></header>
<main>
${sections.join('\n')}
</main>
</body>
</html>
`;
}

function operationHtml({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const body = operation.requestBody?.content['application/json']?.schema;
  const parameters = (operation.parameters ?? []).map(({ name, in: place, schema, required }) =>
    row(name, parameterType(place, schema), required === true, schema?.description ?? ''),
  );
  const fields = Object.entries(body?.properties ?? {}).map(([name, schema]) =>
    row(name, typeOf(schema), body?.required?.includes(name) === true, schema.description ?? ''),
  );
  const answers = Object.entries(operation.responses ?? {}).map(
    ([status, { description }]) => `<li><code>${escape(status)}</code> ${prose(description)}</li>`,
  );
  return `<details>
<summary><span class="method ${escape(method)}">${escape(method.toUpperCase())}</span> <code>${escape(path)}</code> ${prose(operation.summary ?? '')}${operation.security ? ' <em>API key</em>' : ''}</summary>
${table('Parameters', parameters)}${table('Body', fields)}<h4>Answers</h4><ul>${answers.join('')}</ul>
</details>`;
}

function table(title: string, rows: readonly string[]): string {
  return rows.length === 0 ? '' : `<h4>${title}</h4><table>${rows.join('')}</table>`;
}

function row(name: string, type: string, required: boolean, description: string): string {
  return `<tr><th>${escape(name)}${required ? ' *' : ''}</th><td>${escape(type)}</td><td>${prose(description)}</td></tr>`;
}

function parameterType(place: string, schema: Schema | undefined): string {
  return schema ? `${place}: ${typeOf(schema)}` : place;
}

function typeOf(schema: Schema): string {
  if (schema.enum) return schema.enum.map(String).join(' | ');
  if (schema.items) return `list of ${typeOf(schema.items)}`;
  return [schema.type ?? 'any'].flat().join(' | ');
}

/** Text in which `code` is marked as in Markdown. */
function prose(text: string): string {
  return escape(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Served beside the page, because the content security policy allows no inline style. */
export const DOCS_STYLE = `:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, th { font-family: ui-monospace, monospace; }
details { border-bottom: 1px solid #8884; padding: .4rem 0; }
summary { cursor: pointer; }
.method { display: inline-block; width: 4rem; font-weight: 700; }
.get { color: #1a7f4b; } .post { color: #1f6feb; } .patch { color: #b35900; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .15rem .8rem .15rem 0; vertical-align: top; }
`;
