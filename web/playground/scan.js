// Sign in by scanning, as a web page of yours would do it: open a ticket, show its code, wait until
// the person has answered on the phone, redeem the ticket for a login.
//
// The secret and the tokens stay in variables: never in the address, in storage or in the document.

import { carriers, lifeOf, openTicket, redeem, whoAmI } from "./ticket.js";

const $ = (selector) => document.querySelector(selector);

/** What each state of a ticket says to the person, and what each refusal that ends it. */
const words = {
  PENDING: "Scan the code with the mini program.",
  SCANNED: "Scanned. Approve on the phone.",
  APPROVED: "Approved. Signing in…",
  DENIED: "Refused on the phone.",
  EXPIRED: "The code is too old. Take a new one.",
  REDEEMED: "This code was used.",
  NOT_FOUND: "The server does not know this code. Take a new one.",
  USER_BLOCKED: "This user is blocked and cannot sign in.",
};

/** The states in which there is something to wait for. */
const waiting = new Set(["PENDING", "SCANNED"]);

/** Waits until the person has answered or it is too late: by the way chosen, else by the next one. */
async function answered(ticket, signal) {
  const chosen = transport();
  for (const kind of [chosen, chosen === "ws" ? "sse" : "ws", "poll"]) {
    $("#carrier").textContent = carriers[kind].name;
    try {
      for await (const state of carriers[kind].states(ticket, signal)) {
        say(state.status);
        if (!waiting.has(state.status)) {
          return state;
        }
      }
    } catch (error) {
      signal.throwIfAborted();
      if (words[error.code] || kind === "poll") {
        throw error;
      }
    }
  }
}

// ---- The page -------------------------------------------------------------------------------

function say(status, sentence = words[status]) {
  $("#status").textContent = sentence;
  $("#status").dataset.status = status;
  $("#code").classList.toggle("used", !waiting.has(status));
}

function show({ id, qrCode, expiresAt }) {
  $("#code").src = qrCode;
  $("#id").textContent = id;
  $("#until").textContent = `Good until ${new Date(expiresAt).toLocaleTimeString([], { hour12: false })}.`;
  $("#copy").textContent = "Copy";
  $("#ticket").hidden = false;
  say("PENDING");
}

/** Shows that the login works. A real page would keep the tokens and go on. */
async function enter({ accessToken }, signal) {
  const me = await whoAmI(accessToken, signal);
  $("#user").textContent = me.id;
  $("#session-id").textContent = me.sessions.find((session) => session.current).id;
  $("#session").hidden = false;
  say("REDEEMED", "You are in.");
}

async function signIn(signal) {
  const ticket = await openTicket(address().get("appId"), signal);
  show(ticket);
  let state = await answered(ticket, AbortSignal.any([signal, lifeOf(ticket)]));
  if (state.status === "APPROVED") {
    state = await redeem(ticket, signal);
    say(state.status); // it may have been refused since
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
  signIn(signal).catch(({ code, message }) => signal.aborted || (words[code] ? say(code) : say("ERROR", message)));
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
