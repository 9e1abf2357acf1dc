// Sign in by scanning, as a web page of yours would do it: open a ticket, show its code, wait until
// the person has answered on the phone, redeem the ticket for a login.
//
// The secret and the tokens stay in variables: never in the address, in storage or in the document.

import { overEvents, overSocket } from "./subscription.js";

const $ = (selector) => document.querySelector(selector);
const endpoint = $("meta[name=graphql-endpoint]").content;

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

/** What each state of a ticket says to the person. */
const words = {
  PENDING: "Scan the code with the mini program.",
  SCANNED: "Scanned. Approve on the phone.",
  APPROVED: "Approved. Signing in…",
  DENIED: "Refused on the phone.",
  EXPIRED: "The code is too old. Take a new one.",
  REDEEMED: "This code was used.",
};

/** The states in which there is nothing more to wait for. */
const settled = new Set(["APPROVED", "DENIED", "EXPIRED", "REDEEMED"]);

/** Sends a query or a mutation; gives its data, or throws the server's own sentence. */
async function send(query, variables, { headers, signal }) {
  const response = await fetch(endpoint, {
    method: "POST",
    credentials: "omit",
    headers: { Accept: "application/graphql-response+json", "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ query, variables }),
    signal,
  });
  return dataOf(await response.json());
}

function dataOf({ data, errors }) {
  if (errors) {
    throw new Error(errors[0].message);
  }
  return data;
}

/** Gives the ticket's state; with the login, once, when it is approved. */
async function redeem({ id, secret }, signal) {
  return (await send(operations.redeem, { id, secret }, { signal })).redeemScanLogin;
}

// ---- Three ways to wait ---------------------------------------------------------------------

const carriers = {
  sse: { name: "server-sent events", states: subscribed(overEvents) },
  ws: { name: "WebSocket", states: subscribed(overSocket) },
  poll: { name: "asking every two seconds", states: polled },
};

/** The states of a ticket as the server tells them. */
function subscribed(follow) {
  return async function* ({ id, secret }, signal) {
    const request = { query: operations.follow, variables: { id, secret } };
    for await (const answer of follow(endpoint, request, { signal })) {
      yield dataOf(answer).scanLogin;
    }
  };
}

/** The states of a ticket by asking, for networks that let neither events nor sockets through. */
async function* polled(ticket, signal) {
  while (!signal.aborted) {
    yield await redeem(ticket, signal);
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

/** Waits until the person has answered or it is too late: by the way chosen, else by the next one. */
async function answered(ticket, signal) {
  const chosen = transport();
  for (const kind of [chosen, chosen === "ws" ? "sse" : "ws", "poll"]) {
    $("#carrier").textContent = carriers[kind].name;
    try {
      for await (const state of carriers[kind].states(ticket, signal)) {
        say(words[state.status], state.status);
        if (settled.has(state.status)) {
          return state;
        }
      }
    } catch (error) {
      if (signal.aborted || kind === "poll") {
        throw error;
      }
    }
  }
}

// ---- The page -------------------------------------------------------------------------------

function say(sentence, status = "ERROR") {
  $("#status").textContent = sentence;
  $("#status").dataset.status = status;
  $("#code").classList.toggle("used", settled.has(status));
}

function show({ id, qrCode, expiresAt }) {
  $("#code").src = qrCode;
  $("#id").textContent = id;
  $("#until").textContent = `Good until ${new Date(expiresAt).toLocaleTimeString([], { hour12: false })}.`;
  $("#copy").textContent = "Copy";
  $("#ticket").hidden = false;
}

/** Shows that the login works. A real page would keep the tokens and go on. */
async function enter({ accessToken }, signal) {
  const { me } = await send(operations.me, {}, { headers: { Authorization: `Bearer ${accessToken}` }, signal });
  $("#user").textContent = me.id;
  $("#session-id").textContent = me.sessions.find((session) => session.current).id;
  $("#session").hidden = false;
  say("You are in.", "REDEEMED");
}

async function signIn(signal) {
  const appId = address().get("appId");
  const ticket = (await send(operations.create, { appId }, { signal })).createScanLogin;
  show(ticket);
  let state = await answered(ticket, signal);
  if (state.status === "APPROVED") {
    state = await redeem(ticket, signal);
    say(words[state.status], state.status); // it may have been refused since
  }
  if (state.login) {
    await enter(state.login, signal);
  }
}

let controller = new AbortController();

/** Opens a new ticket and forgets the one before. What goes wrong is said in words. */
function start() {
  controller.abort();
  controller = new AbortController();
  const { signal } = controller;
  $("#session").hidden = true;
  signIn(signal).catch((error) => signal.aborted || say(error.message));
}

/** What the address asks for: #transport=ws or sse, &appId=… when the server has several apps. */
function address() {
  return new URLSearchParams(location.hash.slice(1));
}

function transport() {
  return address().get("transport") === "ws" ? "ws" : "sse";
}

$("#again").addEventListener("click", start);

$("#copy").addEventListener("click", async ({ target }) => {
  try {
    await navigator.clipboard.writeText($("#id").textContent);
    target.textContent = "Copied";
  } catch {
    // Without the clipboard (plain HTTP off loopback) the text is at least selected.
    getSelection().selectAllChildren($("#id"));
  }
});

$("#transport").addEventListener("change", ({ target }) => {
  const wanted = address();
  wanted.set("transport", target.value);
  location.hash = wanted;
});

addEventListener("hashchange", () => location.reload());

$(`#transport input[value=${transport()}]`).checked = true;
start();
