// Scan login as the mini program does it: read the code, sign in to Menshen as the user who holds
// the phone, claim the ticket, and answer for it.

import decodeQR from "./vendor/decode.js";
import { mutations } from "./mutations.js";
import { $, call, curl, element, holder, server, show, value } from "./page.js";

const largest = 1600; // pixels of a side: photos are larger, and codes need less

/** The text of the QR code in an image file. */
export async function readCode(file) {
  const image = await createImageBitmap(file).catch(() => {
    throw new Error("The file is not an image that this browser can read.");
  });
  const scale = Math.min(1, largest / Math.max(image.width, image.height));
  const [width, height] = [image.width, image.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = new OffscreenCanvas(width, height).getContext("2d");
  canvas.drawImage(image, 0, 0, width, height);
  try {
    return decodeQR(canvas.getImageData(0, 0, width, height));
  } catch {
    throw new Error("There is no QR code in the image.");
  }
}

/**
 * The ticket in what a code says: its id alone, or page?scene=id as the simulator draws the mini
 * program codes of getwxacodeunlimit.
 */
function ticketIn(text) {
  const scene = new URLSearchParams(text.split("?")[1]).get("scene");
  const id = scene ?? text.trim();
  if (!/^scn_[0-9A-Za-z_-]{1,28}$/.test(id)) {
    throw new Error("The code is no ticket of scan login: those begin with scn_.");
  }
  return id;
}

// ---- Menshen --------------------------------------------------------------------------------

/** Sends a mutation to Menshen; rejects with its own sentence, which carries its error code. */
async function send(query, variables, accessToken) {
  const response = await fetch(`${server()}/graphql`, {
    method: "POST",
    credentials: "omit",
    headers: {
      "Content-Type": "application/json",
      ...(accessToken && { Authorization: `Bearer ${accessToken}` }),
    },
    body: JSON.stringify({ query, variables }),
  }).catch(() => {
    throw new Error(
      "Menshen does not answer. Is its address right and on this machine, and does its --cors-origin name this page?",
    );
  });
  const { data, errors } = await response.json();
  if (errors) {
    throw Object.assign(new Error(errors[0].message), { code: errors[0].extensions?.code });
  }
  return data;
}

/** Access tokens of the mini program, by server, app and user, for as long as the page is open. */
const sessions = new Map();

async function signIn() {
  const { appId, user } = holder();
  const { code } = await call("/sim/login", { appId, user });
  const { login } = await send(mutations.login, { code, appId });
  return login.accessToken;
}

/** Sends a mutation as the phone's user, who signs in when there is no session or it has ended. */
async function sendAsUser(query, variables) {
  const who = JSON.stringify([server(), holder()]);
  const kept = sessions.get(who);
  if (kept) {
    try {
      return await send(query, variables, kept);
    } catch (error) {
      if (error.code !== "UNAUTHENTICATED") {
        throw error;
      }
    }
  }
  sessions.set(who, await signIn());
  return send(query, variables, sessions.get(who));
}

// ---- The person -----------------------------------------------------------------------------

let claimed; // the id of the ticket that the phone asks about

/** Claims the ticket that the code names, and asks the person about it. */
export async function scan(text) {
  $("#answer").hidden = true;
  const variables = { id: ticketIn(text) };
  const { claimScanLogin: ticket } = await sendAsUser(mutations.claim, variables);
  claimed = ticket.id;
  const where = {
    Opened: new Date(ticket.createdAt).toLocaleTimeString([], { hour12: false }),
    Address: ticket.ipAddress ?? "unknown",
    Browser: ticket.userAgent ?? "unknown",
  };
  $("#opened").replaceChildren(
    ...Object.entries(where).flatMap(([name, content]) => [
      element("dt", { textContent: name }),
      element("dd", { textContent: content }),
    ]),
  );
  $("#answer").hidden = false;
  showSent("Scan", mutations.claim, variables, ticket);
}

/** Lets the web page in, or refuses. */
export async function answerScan(approve) {
  const variables = { id: claimed, approve };
  const { answerScanLogin: ticket } = await sendAsUser(mutations.answer, variables);
  $("#answer").hidden = true;
  showSent(approve ? "Approve" : "Refuse", mutations.answer, variables, ticket);
}

function showSent(title, mutation, variables, ticket) {
  show(
    `${title}: the ticket is ${ticket.status}`,
    value("GraphQL", mutation),
    value("variables", JSON.stringify(variables)),
    value("curl", curl(mutation, variables, "Authorization: Bearer PASTE accessToken HERE")),
    value("answer", JSON.stringify(ticket)),
  );
}
