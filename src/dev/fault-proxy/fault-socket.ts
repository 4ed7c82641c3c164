import { WebSocket, type RawData } from 'ws';
import { systemClock } from '../../lib/clock.js';
import { count, type FaultSwitches, type PassedSocket } from './fault-switches.js';
import { isNotification, type RpcNotification } from './json-rpc.js';

/** Joins a client's socket to one of its own to the chain, through the switches. When one side ends, so does the other. */
export function passSocket(upstreamUrl: string, switches: FaultSwitches, client: WebSocket): void {
  const { counters } = switches;
  counters.connectionsOpened++;
  counters.connectionsOpen++;
  const passed: PassedSocket = { isFrozen: false, terminate: () => client.terminate() };
  switches.sockets.add(passed);
  const chain = new WebSocket(upstreamUrl, { perMessageDeflate: false });
  const whenOpen = new Promise<void>((resolve) => chain.once('open', resolve));
  const toChain = inOrder(async (data, arrivedAt) => {
    if (!(await switches.mayPass(arrivedAt, passed))) return;
    count(counters.socketCalls, methodOf(data));
    await whenOpen;
    if (chain.readyState === WebSocket.OPEN) chain.send(data);
  });
  const toClient = inOrder(async (data, arrivedAt) => {
    if (!(await switches.mayPass(arrivedAt, passed))) return;
    const message: unknown = JSON.parse(data);
    if (isNotification(message)) passNotification(switches, message, (copy) => sendTo(client, copy));
    else sendTo(client, data);
  });
  client.on('message', (data) => toChain(textOf(data)));
  chain.on('message', (data) => toClient(textOf(data)));
  // The answer to a WebSocket ping is the link's sign of life: a half-open one gives none.
  client.on('ping', (data) => {
    if (switches.isHalfOpen || passed.isFrozen) counters.swallowed++;
    else client.pong(data);
  });
  client.once('close', () => {
    counters.connectionsOpen--;
    switches.sockets.delete(passed);
    chain.terminate();
  });
  // A frozen client learns nothing, not even that.
  chain.once('close', () => {
    if (!passed.isFrozen) client.terminate();
  });
  client.on('error', () => client.terminate());
  chain.on('error', () => chain.terminate());
}

function passNotification(
  switches: FaultSwitches,
  notification: RpcNotification,
  sendToClient: (text: string) => void,
): void {
  const { counters } = switches;
  count(counters.notifications, notification.method);
  if (switches.shouldDrop()) {
    counters.notificationsDropped++;
    return;
  }
  const send = (made: RpcNotification): void => {
    const text = JSON.stringify(made);
    sendToClient(text);
    for (let copy = 0; copy < switches.copies; copy++) {
      counters.notificationsDuplicated++;
      sendToClient(text);
    }
  };
  if (switches.notificationHandler) switches.notificationHandler(notification, send);
  else send(notification);
}

function sendTo(client: WebSocket, text: string): void {
  if (client.readyState === WebSocket.OPEN) client.send(text);
}

/** Each message waits for the one before it, as on a wire. */
function inOrder(pass: (data: string, arrivedAt: number) => Promise<void>): (data: string) => void {
  let previous = Promise.resolve();
  return (data) => {
    const arrivedAt = systemClock.monotonic();
    previous = previous.then(() => pass(data, arrivedAt));
  };
}

function textOf(data: RawData): string {
  return Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data as Buffer).toString('utf8');
}

function methodOf(data: string): string {
  return (JSON.parse(data) as { method?: string }).method ?? 'answer';
}
