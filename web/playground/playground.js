// The playground: GraphiQL over this server's own endpoint, with operations ready to run.
// React, ReactDOM and GraphiQL are globals made by the classic scripts of the page.

import { examples } from "./examples.js";
import { overEvents } from "./subscription.js";

const endpoint = document.querySelector("meta[name=graphql-endpoint]").content;

// GraphiQL's dialogs add a style element, which the page's policy allows with this nonce alone.
globalThis.__webpack_nonce__ = document.querySelector("link[nonce]").nonce;

/** GraphiQL's storage. Its own is localStorage, where login codes and tokens would outlive the page. */
class MemoryStorage {
  #items = new Map();

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, value);
  }

  removeItem(key) {
    this.#items.delete(key);
  }

  clear() {
    this.#items.clear();
  }

  get length() {
    return this.#items.size;
  }
}

/**
 * Takes the login code from the address, #code=…&appId=…, and removes it from there. A fragment is
 * sent to no server, so the code is in no log.
 */
function loginFromAddress() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const code = fragment.get("code");
  if (!code) {
    return { code: "PASTE a login code HERE" };
  }
  history.replaceState(null, "", location.pathname);
  const appId = fragment.get("appId");
  return appId ? { code, appId } : { code };
}

/** Sends one GraphQL request; whatever goes wrong comes back as a GraphQL answer with errors. */
async function send(request, options) {
  if (isSubscription(request, options?.documentAST)) {
    return follow(request, options.headers);
  }
  const answer = await post(request, options?.headers);
  if (request.operationName === "IntrospectionQuery") {
    noticeSchema(answer);
  }
  return answer;
}

async function post(request, headers) {
  let response;
  try {
    response = await fetch(endpoint, {
      method: "POST",
      credentials: "omit",
      headers: {
        Accept: "application/graphql-response+json, application/json;q=0.9",
        "Content-Type": "application/json",
        ...headers,
      },
      body: JSON.stringify(request),
    });
  } catch (error) {
    return failure(`The request did not reach the server: ${error.message}.`);
  }
  try {
    return await response.json();
  } catch {
    return failure(`The server answered with status ${response.status} and no JSON.`);
  }
}

function isSubscription({ operationName }, document) {
  const operations = document?.definitions.filter(({ kind }) => kind === "OperationDefinition") ?? [];
  const chosen = operations.find(({ name }) => !operationName || name?.value === operationName);
  return chosen?.operation === "subscription";
}

/** Follows a subscription, as the Observable that GraphiQL takes: each answer replaces the one before. */
function follow(request, headers) {
  const controller = new AbortController();
  const { signal } = controller;
  const run = async ({ next, complete }) => {
    try {
      for await (const answer of overEvents(endpoint, request, { headers, signal })) {
        next(answer);
      }
    } catch (error) {
      if (!signal.aborted) {
        next(failure(`The subscription ended: ${error.message}`));
      }
    }
    complete();
  };
  return {
    subscribe(observer) {
      run(observer);
      return { unsubscribe: () => controller.abort() };
    },
  };
}

function failure(message) {
  return { errors: [{ message }] };
}

/** Says why there is no schema; GraphiQL itself says only that there is none. */
function noticeSchema(answer) {
  const notice = document.getElementById("notice");
  notice.hidden = Boolean(answer.data?.__schema);
  const reason = answer.errors?.[0]?.message ?? "the answer holds no schema";
  notice.textContent =
    `The schema cannot be shown (${reason}). Operations still run, without documentation and completion. ` +
    "If the server shows it to administrators, put the admin key into Headers and press “Re-fetch GraphQL schema”.";
}

// A code pasted into the address of an open playground starts it afresh.
addEventListener("hashchange", () => location.reload());

const tabs = examples(loginFromAddress());
const graphiql = React.createElement(
  GraphiQL,
  {
    defaultTabs: tabs,
    fetcher: send,
    inputValueDeprecation: true,
    schemaDescription: true,
    shouldPersistHeaders: false,
    storage: new MemoryStorage(),
    // GraphiQL fills the first tab's Variables pane from here, not from defaultTabs.
    variables: tabs[0].variables,
  },
  React.createElement(GraphiQL.Logo, null, "Menshen"),
);
ReactDOM.createRoot(document.getElementById("graphiql")).render(graphiql);
