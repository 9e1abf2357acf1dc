// The phone: plays a user's phone through the simulator's control API (/sim/…).

import { mutations } from "./mutations.js";
import { $, call, curl, element, holder, say, server, show, unreachable, value, values } from "./page.js";
import { answerScan, readCode, scan } from "./scan.js";

/** Runs work when the form is sent, one at a time, then refreshes what the page shows. */
function onSubmit(selector, work) {
  const form = $(selector);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const buttons = form.querySelectorAll("button");
    const fields = Object.fromEntries(new FormData(form, event.submitter));
    buttons.forEach((button) => (button.disabled = true));
    try {
      say("");
      await work(fields, form);
      await refresh();
    } catch (error) {
      say(error.message);
    } finally {
      buttons.forEach((button) => (button.disabled = false));
      if (document.activeElement === document.body) {
        event.submitter?.focus(); // a disabled button lost it
      }
    }
  });
}

// ---- What the mini program receives ---------------------------------------------------------

function showLogin(answer) {
  const login = { code: answer.code, appId: $("#app").value };
  const link = element("a", {
    href: `${server()}/playground#${new URLSearchParams(login)}`,
    target: "_blank",
    rel: "noopener",
    textContent: "Open the playground with this code",
  });
  show(
    "wx.login",
    ...values(answer, ["code", "openId", "unionId"]),
    value("curl", curl(mutations.login, login)),
    value("GraphQL", mutations.login),
    value("variables", JSON.stringify(login)),
    server() ? element("p", {}, link) : element("p", { textContent: "Menshen’s address below is not a URL." }),
  );
}

function showData(answer, kind) {
  const mutation = kind === "profile" ? mutations.profile : mutations.other;
  const { encryptedData, iv, rawData, signature } = answer;
  const variables = kind === "profile" ? { encryptedData, iv, rawData, signature } : { encryptedData, iv };
  show(
    `Encrypted data (${kind})`,
    ...values(answer, ["encryptedData", "iv", "rawData", "signature"]),
    value("variables", JSON.stringify(variables)),
    value("GraphQL", mutation),
    value("curl", curl(mutation, variables, "Authorization: Bearer PASTE accessToken HERE")),
  );
}

// ---- The phone ------------------------------------------------------------------------------

onSubmit("#new-user", ({ user }, form) => {
  added.add(user);
  form.reset();
  showUsers([user]);
  $("#users").querySelector(`input[value="${CSS.escape(user)}"]`).checked = true;
});

onSubmit("#login", async ({ rotate }) => {
  const body = holder();
  if (rotate) {
    body.rotate = rotate === "true";
  }
  showLogin(await call("/sim/login", body));
});

onSubmit("#data", async ({ kind, payload }) => {
  const body = { ...holder(), kind };
  if (payload.trim()) {
    body.payload = parsePayload(payload);
  }
  showData(await call("/sim/data", body), kind);
});

function parsePayload(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`What is inside must be JSON: ${error.message}.`);
  }
}

onSubmit("#phone-code", async ({ phoneNumber }) => {
  const answer = await call("/sim/phone-code", { ...holder(), phoneNumber });
  show("Phone number button", ...values(answer, ["code"]));
});

onSubmit("#scan", async ({ image, ticket }, form) => {
  await scan(image.size ? await readCode(image) : ticket);
  form.reset();
});

onSubmit("#answer", ({ approve }) => answerScan(approve === "true"));

addEventListener("paste", ({ clipboardData }) => {
  if (clipboardData.files.length) {
    $("#image").files = clipboardData.files;
    $("#scan").requestSubmit();
  }
});

// ---- The panels -----------------------------------------------------------------------------

/** How each kind of fault is asked for, and how it reads in the list. */
const faultKinds = {
  errcode: { label: "errcode", type: "number", read: Number },
  status: { label: "Status", type: "number", read: Number },
  delay: { label: "Delay, such as 3s", type: "text", read: String },
  hang: { read: () => true },
  reset: { read: () => true },
};

onSubmit("#faults", ({ path, kind, value, times }) =>
  call("/sim/faults", { path, [kind]: faultKinds[kind].read(value), times: Number(times) }),
);

$("#fault-kind").addEventListener("change", ({ target }) => {
  const { label, type } = faultKinds[target.value];
  const input = $("#fault-value");
  $("#fault-detail").hidden = !label;
  input.disabled = !label;
  input.value = "";
  if (label) {
    $("#fault-detail label").textContent = label;
    input.type = type;
    if (target.value === "errcode") {
      input.setAttribute("list", "errcodes");
    } else {
      input.removeAttribute("list");
    }
  }
});

onSubmit("#clock", ({ advance }) => call("/sim/clock", { advance }));

onSubmit("#bind", () => {
  const appIds = [...document.querySelectorAll("#bind input:checked")].map((input) => input.value);
  return call("/sim/bind", { appIds });
});

// ---- What the simulator knows ---------------------------------------------------------------

/** Users added on this page; the simulator learns of them at their first login. */
const added = new Set();

/** Keeps a list of choices equal to names, leaving what is checked or focused alone. */
function keepChoices(list, names, type, group) {
  const present = new Set([...list.querySelectorAll("input")].map((input) => input.value));
  for (const name of names) {
    if (!present.has(name)) {
      const input = element("input", { type, name: group, value: name });
      list.append(element("label", {}, input, element("span", { textContent: name })));
    }
  }
}

function showUsers(names) {
  const list = $("#users .choices");
  keepChoices(list, names, "radio", "holder");
  if (!list.querySelector("input:checked") && list.querySelector("input")) {
    list.querySelector("input").checked = true;
  }
}

function showApps(apps) {
  keepChoices($("#bind .choices"), apps, "checkbox", "appIds");
  const select = $("#app");
  const known = new Set([...select.options].map((option) => option.value));
  select.append(...apps.filter((app) => !known.has(app)).map((app) => element("option", { textContent: app })));
}

function timeOf(instant) {
  return new Date(instant).toLocaleTimeString([], { hour12: false });
}

function showNow(now) {
  $("#now").dateTime = now;
  $("#now").textContent = timeOf(now);
  $("#now").title = new Date(now).toString();
}

function showCalls(calls) {
  const cells = ({ at, method, path, appId, status, errcode }) =>
    [timeOf(at), `${method} ${path}`, appId ?? "", status || "none", errcode || ""].map((text) =>
      element("td", { textContent: text }),
    );
  const rows = calls.map((entry) => element("tr", { className: entry.errcode ? "failed" : "" }, ...cells(entry)));
  const none = element("td", { colSpan: 5, className: "hint", textContent: "None yet: log in with a code." });
  $("#calls").replaceChildren(...(rows.length ? rows : [element("tr", {}, none)]));
}

function showFaults(faults) {
  const items = faults.map(({ path, times, ...how }) => {
    const what = Object.keys(faultKinds)
      .filter((kind) => how[kind])
      .map((kind) => (how[kind] === true ? kind : `${kind} ${how[kind]}`));
    return element("li", { textContent: `${path}: ${what.join(", ")}, ${times} more` });
  });
  $("#pending").replaceChildren(...items);
}

async function refresh() {
  const state = await call("/sim/state");
  if ($("#notice").textContent === unreachable) {
    say("");
  }
  const users = [...(state.users ?? []), ...added];
  showUsers(users.length ? users : ["mei"]);
  showApps(state.apps ?? []);
  showNow(state.now);
  showFaults(state.faults ?? []);
  showCalls(state.recent ?? []);
}

/** Refreshes every two seconds for as long as the page is open and seen. */
async function watch() {
  if (!document.hidden) {
    await refresh().catch((error) => say(error.message));
  }
  setTimeout(watch, 2000);
}

// `menshen dev` links here with #server=http://127.0.0.1:8080, its own address.
const address = new URLSearchParams(location.hash.slice(1)).get("server");
if (address) {
  $("#server").value = address;
}
watch();
