// What the phone page is made of: elements, calls to the simulator, values with a copy button.
// Everything that comes from the simulator or the user enters the page as text, never as HTML.

export const $ = (selector) => document.querySelector(selector);

/** Makes an element; props are set as properties, children are nodes or text. */
export function element(tag, props, ...children) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
}

// ---- The control API ------------------------------------------------------------------------

export const unreachable = "The simulator does not answer. Is it still running?";

/** Calls the simulator; without a body it is a GET. Rejects with the simulator's own sentence. */
export async function call(path, body) {
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

export function say(sentence) {
  $("#notice").textContent = sentence;
}

// ---- What the mini program receives ---------------------------------------------------------

/** A value with its name and a button that copies it. */
export function value(name, text) {
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
export function show(api, ...nodes) {
  $("#received").textContent = `${api}, for ${holder().user}`;
  $("#values").replaceChildren(...nodes);
}

/** The named members of an answer that are there, each with a copy button. */
export function values(answer, names) {
  return names.filter((name) => answer[name]).map((name) => value(name, answer[name]));
}

/**
 * Menshen's address without a slash at its end, or "" when it is not an address of the web. A content
 * security policy cannot name an IPv6 address, but localhost, which browsers look for at ::1 too.
 */
export function server() {
  const url = URL.parse($("#server").value.replace("//[::1]", "//localhost"));
  return url && /^https?:$/.test(url.protocol) ? url.origin + url.pathname.replace(/\/+$/, "") : "";
}

/** A curl command for a POSIX shell. */
export function curl(query, variables, ...headers) {
  const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const options = ["Content-Type: application/json", ...headers].map((header) => `-H ${quoted(header)}`);
  const body = JSON.stringify({ query, variables });
  return ["curl", quoted(`${server()}/graphql`), ...options, "-d", quoted(body)].join(" ");
}

/** The user in whose hand the phone is, and the mini program that is open on it. */
export function holder() {
  const user = $("#users input:checked")?.value;
  if (!user) {
    throw new Error("Pick or add a user first.");
  }
  return { user, appId: $("#app").value };
}
