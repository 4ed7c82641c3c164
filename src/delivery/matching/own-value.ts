/** What JSON calls an object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether it is an object with keys of its own, and no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a key that the object itself has. What every object inherits (`constructor`) is nothing that an event says. */
export function ownValue(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
