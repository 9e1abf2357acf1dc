// The phone: plays a user's phone through the simulator's control API (/sim/…).
// Everything that comes from the simulator or the user enters the page as text, never as HTML.

const $ = (selector) => document.querySelector(selector);

/** Makes an element; props are set as properties, children are nodes or text. */
function element(tag, props, ...children) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
}

// ---- The control API ------------------------------------------------------------------------

const unreachable = "The simulator does not answer. Is it still running?";

/** Calls the simulator; without a body it is a GET. Rejects with the simulator's own sentence. */
async function call(path, body) {
  const response = await fetch(path, {
    method: body ? "POST" : "GET",
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  }).catch(() => {
    throw new Error(unreachable);
  });
  const text = await response.text();
  const answer = text.startsWith("{") ? JSON.parse(text) : {};
  if (!response.ok) {
    throw new Error(answer.error ?? `The simulator answered with status ${response.status}.`);
  }
  return answer;
}

function say(sentence) {
  $("#notice").textContent = sentence;
}

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

/** A value with its name and a button that copies it. */
function value(name, text) {
  const output = element("pre", { textContent: text });
  const copy = element("button", { type: "button", textContent: "Copy" });
  copy.setAttribute("aria-label", `Copy ${name}`);
  copy.addEventListener("click", () => copyFrom(output, copy));
  return element("div", { className: "value" }, element("h3", { textContent: name }), copy, output);
}

async function copyFrom(output, button) {
  try {
    await navigator.clipboard.writeText(output.textContent);
    button.textContent = "Copied";
  } catch {
    // Without the clipboard (plain HTTP off loopback) the text is at least selected.
    getSelection().selectAllChildren(output);
    button.textContent = "Selected";
  }
}

/** Shows what a call of WeChat's client API gives to the mini program. */
function show(api, ...nodes) {
  $("#received").textContent = `${api}, for ${holder().user}`;
  $("#values").replaceChildren(...nodes);
}

/** The named members of an answer that are there, each with a copy button. */
function values(answer, names) {
  return names.filter((name) => answer[name]).map((name) => value(name, answer[name]));
}

/** Menshen's address without a slash at its end, or "" when it is not an address of the web. */
function server() {
  const url = URL.parse($("#server").value);
  return url && /^https?:$/.test(url.protocol) ? url.origin + url.pathname.replace(/\/+$/, "") : "";
}

/** A curl command for a POSIX shell. */
function curl(query, variables, ...headers) {
  const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const options = ["Content-Type: application/json", ...headers].map((header) => `-H ${quoted(header)}`);
  const body = JSON.stringify({ query, variables });
  return ["curl", quoted(`${server()}/graphql`), ...options, "-d", quoted(body)].join(" ");
}

const mutations = {
  login: `mutation Login($code: String!, $appId: ID) {
  login(code: $code, appId: $appId) { accessToken refreshToken user { id } isNewUser }
}`,
  profile: `mutation DecryptProfile($encryptedData: String!, $iv: String!, $rawData: String, $signature: String) {
  decryptProfile(encryptedData: $encryptedData, iv: $iv, rawData: $rawData, signature: $signature) {
    profile { nickName avatarUrl gender }
  }
}`,
  other: `mutation DecryptOpenData($encryptedData: String!, $iv: String!) {
  decryptOpenData(encryptedData: $encryptedData, iv: $iv) {
    __typename
    ... on PhoneNumber { phoneNumber countryCode }
    ... on WeRunData { steps { date steps } }
    ... on ShareInfo { openGId }
    ... on OtherOpenData { json }
  }
}`,
};

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

/** The user in whose hand the phone is, and the mini program that is open on it. */
function holder() {
  const user = $("#users input:checked")?.value;
  if (!user) {
    throw new Error("Pick or add a user first.");
  }
  return { user, appId: $("#app").value };
}

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
