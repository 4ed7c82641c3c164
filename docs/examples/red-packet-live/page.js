import { amountText, apply, claimsInOrder, fromHttp, isExpired } from './packet-state.js';

/*
 * How a client of mooring is written: subscribe first, then read the state over HTTP, then apply what came meanwhile. Keep
 * the cursor of every message, and hand the last one in as `since` after a break. Drop ids that were seen before.
 */

const MESSAGES = [
  'packet:created',
  'packet:randomness-requested',
  'packet:random-ready',
  'packet:claimed',
  'packet:best-updated',
  'packet:refunded',
  'packet:closed',
  'packet:corrected',
  'packet:restated',
];
const LOG_LINES = 50;
const PACKETS_SHOWN = 200;
const PAGE = 200;
const READ_AGAIN_MS = 2_000;
/** How soon a packet that nothing happens to is seen to expire. */
const LOOK_AT_CLOCK_MS = 5_000;

const packetId = new URLSearchParams(location.search).get('packet');
const at = (id) => document.getElementById(id);
const apiKey = () => sessionStorage.getItem('apiKey');

let socket;
let cursor = null;
let seen = new Set();
/** Messages that came before the state was read; null when it has been. */
let early = [];
let loading = 0;
/** One packet: as in packet-state.js. The lobby: packets by id. */
let state = fromHttp(null, []);
const lobby = new Map();

at('key').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('apiKey', at('api-key').value.trim());
  at('key').hidden = true;
  socket.connect();
});
connect();
setInterval(() => early === null && show(), LOOK_AT_CLOCK_MS);

function connect() {
  socket = io({ transports: ['websocket'], auth: (give) => give({ apiKey: apiKey() }) });
  socket.on('connect', subscribe);
  socket.on('disconnect', () => showConnection('away', 'connection lost, trying again…'));
  socket.on('connect_error', (error) => {
    showConnection('away', 'not connected, trying again…');
    if (error.data?.code !== 'unauthenticated') return;
    at('key').hidden = false;
    showConnection('away', 'an API key is needed');
  });
  for (const name of MESSAGES) socket.on(name, (payload) => hear(name, payload));
  socket.on('mooring:cursor', (payload) => (cursor = payload.cursor));
  socket.on('mooring:too-far', (payload) => {
    cursor = payload.cursor;
    void load();
  });
}

async function subscribe() {
  const answer = await socket.emitWithAck('subscribe', { packets: [packetId ?? '*'], since: cursor });
  if (!answer.ok) {
    showConnection('away', 'not subscribed');
    return showTrouble(`No packet can be followed here: ${answer.error.message}`);
  }
  const isFirst = cursor === null;
  cursor = answer.cursor;
  showConnection('live', 'live');
  // At the start, and when the read failed that was under way as the connection broke.
  if (isFirst || early !== null) await load();
}

/** Reads the state; what is told meanwhile is applied after it. */
async function load() {
  const mine = ++loading;
  early ??= [];
  try {
    if (packetId) await loadPacket(mine);
    else await loadLobby(mine);
  } catch (error) {
    showTrouble(`The state could not be read, trying again: ${error.message}`);
    setTimeout(() => mine === loading && void load(), READ_AGAIN_MS);
  }
}

async function loadPacket(mine) {
  const packet = await get(`/api/packets/${encodeURIComponent(packetId)}`);
  const claims = [];
  let page = null;
  do {
    const next = page ? `&cursor=${encodeURIComponent(page)}` : '';
    const answer = await get(`/api/packet_claims?packet=${encodeURIComponent(packetId)}&limit=${PAGE}${next}`);
    claims.push(...(answer?.items ?? []));
    page = answer?.nextCursor ?? null;
  } while (page);
  if (mine !== loading) return;
  state = fromHttp(packet, claims);
  takeEarly();
  showPacket();
}

async function loadLobby(mine) {
  const answer = await get(`/api/packets?limit=${PACKETS_SHOWN}`);
  if (mine !== loading) return;
  lobby.clear();
  for (const packet of answer?.items ?? []) lobby.set(packet.address, fromHttp(packet, []));
  takeEarly();
  showTrouble(null);
  showLobby();
}

function takeEarly() {
  const waiting = early ?? [];
  early = null;
  for (const { name, payload } of waiting) take(name, payload);
}

/** The JSON of an answer; null where there is nothing of that name. */
async function get(path) {
  const key = apiKey();
  const response = await fetch(path, key ? { headers: { authorization: `Bearer ${key}` } } : {});
  if (response.status === 404) return null;
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail ?? body.title ?? response.statusText);
  return body;
}

function hear(name, payload) {
  cursor = payload.cursor;
  if (seen.has(payload.id)) return;
  // Ids of long ago are not told again: a resume goes back to our own cursor.
  seen = seen.size < 10_000 ? seen.add(payload.id) : new Set([...seen].slice(5_000)).add(payload.id);
  if (early) {
    early.push({ name, payload });
    return;
  }
  take(name, payload);
  show();
}

function show() {
  if (packetId) showPacket();
  else showLobby();
}

function take(name, payload) {
  if (!packetId) {
    const known = lobby.get(payload.packetId) ?? fromHttp(null, []);
    lobby.set(payload.packetId, apply(known, name, payload));
    return;
  }
  const before = state;
  state = apply(state, name, payload);
  say(sentenceOf(name, payload, before), name === 'packet:corrected');
}

/** What a message says, for people; null for those that only go with another. */
function sentenceOf(name, payload, before) {
  const amount = (units) => `${amountText(units, state.packet?.decimals ?? 0)} ${unit()}`;
  switch (name) {
    case 'packet:created':
      return 'The packet was made.';
    case 'packet:randomness-requested':
      return 'Randomness was asked for.';
    case 'packet:random-ready':
      return 'The randomness is there: shares can be claimed.';
    case 'packet:claimed':
      return `${short(payload.claimerId)} ${state.packet?.isRandom ? 'drew' : 'took'} ${amount(payload.amount)}.`;
    case 'packet:best-updated':
      return payload.claimId === null
        ? 'Nobody is the luckiest any more.'
        : `The crown goes to ${short(state.claims.get(payload.claimId)?.claimer ?? payload.claimId)}.`;
    case 'packet:refunded':
      return `What was left, ${amount(payload.amount)}, went back.`;
    case 'packet:closed':
      return 'The packet is closed.';
    case 'packet:corrected': {
      if (payload.claimId === undefined) return `Taken back: ${payload.of.name}, ${payload.detail}.`;
      const gone = before.claims.get(payload.claimId);
      const what = gone ? `the ${amount(gone.amount)} of ${short(gone.claimer)}` : 'a claim';
      return `Taken back: ${what}, ${payload.detail}.`;
    }
    default:
      return null;
  }
}

function say(sentence, isCorrection) {
  if (sentence === null) return;
  const line = make('li', sentence);
  if (isCorrection) line.className = 'correction';
  at('log').prepend(line);
  while (at('log').childElementCount > LOG_LINES) at('log').lastElementChild.remove();
}

function showPacket() {
  const { packet } = state;
  at('packet').hidden = packet === null;
  if (!packet) return showTrouble('There is no such packet (yet). It will appear here when it is made.');
  showTrouble(null);
  document.title = `${packet.message || 'A red packet'}, ${packet.remainingCount} left`;
  at('message').textContent = packet.message || 'A red packet';
  at('creator').textContent = short(packet.creator);
  at('creator').title = packet.creator;
  at('status').textContent = statusText(packet);
  at('status').dataset.state = stateOf(packet);
  at('expiry').textContent = expiryText(packet);
  at('remaining').textContent = amountText(packet.remainingAmount, packet.decimals);
  at('unit').textContent = unit();
  const claimed = packet.count - packet.remainingCount;
  const progress = at('progress');
  progress.setAttribute('aria-valuemax', String(packet.count));
  progress.setAttribute('aria-valuenow', String(claimed));
  at('progress-bar').style.width = `${(100 * claimed) / packet.count}%`;
  const total = `${amountText(packet.totalAmount, packet.decimals)} ${unit()}`;
  at('shares').textContent =
    `${packet.remainingCount} of ${packet.count} shares are left; it began with ${total} in all`;
  showClaims();
}

/** Rows are kept and moved, not made anew: what a screen reader or a selection is at stays where it is. */
function showClaims() {
  const list = at('claims');
  const rows = new Map([...list.children].map((row) => [row.dataset.claim, row]));
  const claims = claimsInOrder(state);
  at('no-claims').hidden = claims.length > 0;
  // First what goes, so that nothing that stays has to move.
  for (const [id, row] of rows) if (!state.claims.has(id)) row.remove();
  claims.forEach((claim, position) => {
    const row = rows.get(claim.id) ?? claimRow(claim);
    const isBest = claim.id === state.bestClaim;
    row.classList.toggle('best', isBest);
    row.querySelector('.crown').textContent = isBest ? '♛ luckiest' : '';
    row.querySelector('.share').textContent = `${amountText(claim.amount, state.packet.decimals)} ${unit()}`;
    if (list.children[position] !== row) list.insertBefore(row, list.children[position] ?? null);
  });
}

function claimRow(claim) {
  const row = document.createElement('li');
  row.dataset.claim = claim.id;
  const wallet = make('code', short(claim.claimer));
  wallet.title = claim.claimer;
  row.append(wallet, make('span', '', 'crown'), make('strong', '', 'share'));
  return row;
}

function showLobby() {
  at('lobby').hidden = false;
  const packets = [...lobby.values()].flatMap(({ packet }) => (packet && packet.status !== 'closed' ? [packet] : []));
  at('lobby-empty').hidden = packets.length > 0;
  const list = at('packets');
  const rows = new Map([...list.children].map((row) => [row.dataset.packet, row]));
  for (const packet of packets) {
    const row = rows.get(packet.id) ?? packetRow(packet);
    rows.delete(packet.id);
    row.querySelector('.count').textContent = `${packet.remainingCount} of ${packet.count} left`;
    row.querySelector('.chip').textContent = statusText(packet);
    row.querySelector('.chip').dataset.state = stateOf(packet);
    row.querySelector('.chip').title = expiryText(packet);
    row.querySelector('meter').value = packet.count - packet.remainingCount;
    if (!row.isConnected) list.prepend(row);
  }
  for (const row of rows.values()) row.remove();
}

function packetRow(packet) {
  const row = document.createElement('li');
  row.dataset.packet = packet.id;
  const link = make('a', packet.message || short(packet.id));
  link.href = `?packet=${packet.id}`;
  const meter = document.createElement('meter');
  meter.max = packet.count;
  meter.setAttribute('aria-label', 'Shares claimed');
  row.append(link, make('span', '', 'chip'), meter, make('span', '', 'count'));
  return row;
}

function stateOf(packet) {
  return isExpired(packet, Date.now()) ? 'expired' : packet.status;
}

function statusText(packet) {
  const { isRandomnessAskedFor } = packet;
  const status = stateOf(packet);
  if (status !== 'waiting') return status === 'exhausted' ? 'all claimed' : status;
  return isRandomnessAskedFor ? 'waiting for randomness' : 'waiting: randomness was not asked for yet';
}

/** Of one that is settled the time says nothing any more. */
function expiryText(packet) {
  if (packet.status !== 'open' && packet.status !== 'waiting') return '';
  const when = new Date(packet.expiresAt).toLocaleString();
  return isExpired(packet, Date.now()) ? `expired ${when}: what is left goes back to its maker` : `until ${when}`;
}

function unit() {
  const mint = state.packet?.mint;
  return mint ? `of ${short(mint)}` : 'SOL';
}

function short(address) {
  return address.length > 12 ? `${address.slice(0, 4)}…${address.slice(-4)}` : address;
}

function showConnection(kind, text) {
  at('connection').dataset.state = kind;
  at('connection').textContent = text;
}

function showTrouble(text) {
  at('trouble').hidden = text === null;
  at('trouble').textContent = text ?? '';
}

function make(tag, text, className = '') {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}
