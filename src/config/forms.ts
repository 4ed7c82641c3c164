/** What a text can be asked: a regular expression, or a form that one alone cannot say. */
export type Form = Pick<RegExp, 'test'>;

/** A URL of one of these schemes that names a host, and that whoever connects can read. */
export function urlForm(schemes: string): Form {
  const shape = new RegExp(`^(${schemes})://[^\\s,/][^\\s,]*$`);
  return { test: (text) => shape.test(text) && URL.canParse(text) };
}

const ORIGIN_SHAPE = /^https?:\/\/[^\s,/?#@*\\]+$/;

/** The origin of a page, or `*` for all: browsers send one in full, so that a `*` within it would match none. */
export const ORIGIN: Form = { test: (text) => text === '*' || (ORIGIN_SHAPE.test(text) && URL.canParse(text)) };

/** An origin as browsers send it: in lower case, without the port that its scheme has anyway. */
export function asSent(origin: string): string {
  return origin === '*' ? origin : new URL(origin).origin;
}

const ADDRESS = '[^\\s@,;:<>()"]+@[^\\s@,;:<>()"]+';

/** One e-mail address. */
export const MAIL_ADDRESS: Form = new RegExp(`^${ADDRESS}$`);

/** One mailbox: an address, or `Name <address>`, where a name with one of `,;:@<>` stands in quotes. */
export const MAILBOX: Form = new RegExp(`^(${ADDRESS}|([^\\r\\n",;:@<>]*|"[^\\r\\n"\\\\]*" *)<${ADDRESS}>)$`);
