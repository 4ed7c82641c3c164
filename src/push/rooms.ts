import type { Push, Room, RoomKey } from '../domain-kit/push.js';

/** A room as the socket server knows it: `<kind>/<key>`. */
export type RoomName = `${string}/${string}`;

/** Rooms that one client may be in at most. */
export const MAX_ROOMS = 500;
const ADDRESS = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;
const TEXT = /^[\w.:-]{1,128}$/;
/** Every room of a kind at once. */
const ALL = '*';

/** The name of a room; its key is `*` for all rooms of the kind. */
export function roomName([kind, key]: Room): RoomName {
  return `${kind}/${key}`;
}

/** The kinds of rooms that these modules have. One that several have is the same for all of them. */
export function roomKinds(pushes: readonly Pick<Push, 'rooms'>[]): ReadonlyMap<string, RoomKey> {
  return new Map(pushes.flatMap(({ rooms }) => Object.entries(rooms)));
}

/** The rooms that a client asks for, or what is wrong with its question. */
export type RoomsReading =
  | { readonly ok: true; readonly rooms: readonly RoomName[] }
  | { readonly ok: false; readonly code: 'bad-request' | 'bad-room'; readonly message: string };

/** Reads `{ packets: [addresses], wallets: [addresses] }`; fields in `also` are somebody else's to read. */
export function readRooms(
  kinds: ReadonlyMap<string, RoomKey>,
  request: unknown,
  also: readonly string[] = [],
): RoomsReading {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return bad('bad-request', `Send an object such as ${exampleOf(kinds)}.`);
  }
  const rooms: RoomName[] = [];
  for (const [kind, keys] of Object.entries(request)) {
    if (also.includes(kind)) continue;
    const keyOf = kinds.get(kind);
    if (keyOf === undefined) {
      return bad(
        'bad-request',
        `There are no rooms of the kind ${shown(kind)}; there are ${[...kinds.keys()].join(', ')}.`,
      );
    }
    if (!Array.isArray(keys)) return bad('bad-request', `${kind} must be a list, such as ${exampleOf(kinds)}.`);
    for (const key of keys as unknown[]) {
      if (!isKey(keyOf, key)) {
        const wanted = keyOf === 'address' ? 'a base58 address' : 'a text of at most 128 letters, digits and _ . : -';
        return bad('bad-room', `${shown(key)} in ${kind} is not ${wanted}, nor "*" for all of them.`);
      }
      rooms.push(roomName([kind, key]));
    }
  }
  return { ok: true, rooms: [...new Set(rooms)] };
}

function isKey(kind: RoomKey, key: unknown): key is string {
  return typeof key === 'string' && (key === ALL || (kind === 'address' ? ADDRESS : TEXT).test(key));
}

function bad(code: 'bad-request' | 'bad-room', message: string): RoomsReading {
  return { ok: false, code, message };
}

function exampleOf(kinds: ReadonlyMap<string, RoomKey>): string {
  const [kind = 'rooms'] = kinds.keys();
  return `{ "${kind}": ["*"] }`;
}

/** What a client sent, short enough for a message. */
function shown(value: unknown): string {
  return (JSON.stringify(value) ?? typeof value).slice(0, 60);
}
