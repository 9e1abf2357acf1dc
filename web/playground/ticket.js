// A ticket of scan login, as the web page that opened it asks for it and follows it.

import { overEvents, overSocket } from "./subscription.js";

const endpoint = document.querySelector("meta[name=graphql-endpoint]").content;

const operations = {
  create: `mutation CreateScanLogin($appId: ID) {
  createScanLogin(appId: $appId) { id secret qrCode expiresAt }
}`,
  follow: `subscription ScanLogin($id: ID!, $secret: String!) {
  scanLogin(id: $id, secret: $secret) { status }
}`,
  redeem: `mutation RedeemScanLogin($id: ID!, $secret: String!) {
  redeemScanLogin(id: $id, secret: $secret) {
    status
    login { accessToken refreshToken user { id } }
  }
}`,
  me: `query Me {
  me { id sessions { id current } }
}`,
};

const patience = 5000; // milliseconds; a server silent for longer is not heard: some proxies hold streams back

let ahead = 0; // milliseconds from this machine's clock, which may be wrong, to the server's

/** Sends a query or a mutation; gives its data, or throws the server's own sentence. */
async function send(query, variables, { headers, signal }) {
  const response = await fetch(endpoint, {
    method: "POST",
    credentials: "omit",
    headers: { Accept: "application/graphql-response+json", "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ query, variables }),
    signal,
  });
  ahead = Date.parse(response.headers.get("Date")) - Date.now() || 0;
  return dataOf(await response.json());
}

function dataOf({ data, errors }) {
  if (errors) {
    throw Object.assign(new Error(errors[0].message), { code: errors[0].extensions?.code });
  }
  return data;
}

/** Opens a ticket {id, secret, qrCode, expiresAt}. Only this page knows its secret. */
export async function openTicket(appId, signal) {
  return (await send(operations.create, { appId }, { signal })).createScanLogin;
}

/** Gives the ticket's state; with the login, once, when it is approved. */
export async function redeem({ id, secret }, signal) {
  return (await send(operations.redeem, { id, secret }, { signal })).redeemScanLogin;
}

/** The user whom the token signs in, and the sessions. */
export async function whoAmI(accessToken, signal) {
  return (await send(operations.me, {}, { headers: { Authorization: `Bearer ${accessToken}` }, signal })).me;
}

/** A signal that ends a little after the ticket: the server's own word that it did may be held back. */
export function lifeOf({ expiresAt }) {
  const life = new AbortController();
  const left = new Date(expiresAt) - Date.now() - ahead;
  setTimeout(() => life.abort({ code: "EXPIRED" }), Math.min(left + patience, 2 ** 31 - 1));
  return life.signal;
}

// ---- Three ways to wait ---------------------------------------------------------------------

/** Each tells the states of a ticket {status, login?} until the signal ends. Errors of the server have a code. */
export const carriers = {
  sse: { name: "server-sent events", states: subscribed(overEvents) },
  ws: { name: "WebSocket", states: subscribed(overSocket) },
  poll: { name: "asking every two seconds", states: polled },
};

/** The states of a ticket as the server tells them, the present one at once. */
function subscribed(follow) {
  return async function* ({ id, secret }, signal) {
    const request = { query: operations.follow, variables: { id, secret } };
    const silent = new AbortController();
    const timer = setTimeout(() => silent.abort(), patience);
    for await (const answer of follow(endpoint, request, { signal: AbortSignal.any([signal, silent.signal]) })) {
      clearTimeout(timer);
      yield dataOf(answer).scanLogin;
    }
  };
}

/** The states of a ticket by asking, for networks that let neither events nor sockets through. */
async function* polled(ticket, signal) {
  for (;;) {
    yield await redeem(ticket, signal); // throws once the signal ends
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}
