/** What a projected field can hold, and so how it is stored, compared, served and documented. */
export type FieldKind = 'address' | 'text' | 'u64' | 'integer' | 'number' | 'time' | 'flag' | 'choice';

/** A value of a projected document: u64s as bigint (exact), times as Date. */
export type FieldValue = string | bigint | number | boolean | Date | null;

/** One field of a model. `T` exists for the compiler only. */
export interface Field<T extends FieldValue = FieldValue> {
  readonly kind: FieldKind;
  readonly nullable: boolean;
  readonly choices?: readonly string[];
  readonly type?: T;
}

/** The fields of a model by name. */
export type Fields = Readonly<Record<string, Field>>;

/** The document type that a set of fields describes. */
export type Values<F extends Fields> = { -readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

function plain<T extends FieldValue>(kind: FieldKind): Field<T> {
  return { kind, nullable: false };
}

/** Builders of fields, named for what they hold. */
export const field = {
  /** A base58 account address. */
  address: () => plain<string>('address'),
  text: () => plain<string>('text'),
  /** An unsigned 64-bit amount or counter: exact in MongoDB (Decimal128), a string in JSON. */
  u64: () => plain<bigint>('u64'),
  /** A whole number that fits a JavaScript number (≤ 32 bits on chain). */
  integer: () => plain<number>('integer'),
  number: () => plain<number>('number'),
  /** A moment, from the program's Clock (whole seconds). */
  time: () => plain<Date>('time'),
  flag: () => plain<boolean>('flag'),
  choice: <const C extends readonly string[]>(choices: C): Field<C[number]> => ({
    kind: 'choice',
    nullable: false,
    choices,
  }),
  nullable: <T extends FieldValue>(of: Field<T>): Field<T | null> => ({ ...of, nullable: true }),
};
