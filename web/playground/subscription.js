// Subscriptions of this server, followed from a browser: over server-sent events (the distinct
// connections of npm graphql-sse) or over a WebSocket (graphql-transport-ws, npm graphql-ws). Plain
// JavaScript without dependencies, to be copied into a dashboard of your own.
//
// Both functions take a GraphQL request {query, variables?, operationName?} and give its answers
// {data?, errors?} as they come. They end when the server says that it is complete, and throw when the
// connection does not come about, breaks, or is ended through the signal. A token is given as
// {headers: {Authorization: "Bearer …"}} to both.

/** Follows a subscription over server-sent events. EventSource cannot: it sends neither POST nor headers. */
export async function* overEvents(endpoint, request, { headers, signal } = {}) {
  const response = await fetch(endpoint, {
    method: "POST",
    credentials: "omit",
    headers: { Accept: "text/event-stream", "Content-Type": "application/json", ...headers },
    body: JSON.stringify(request),
    signal,
  });
  const type = response.headers.get("Content-Type") ?? "";
  if (type.includes("json")) {
    yield await response.json(); // a refusal, before there was a stream
    return;
  }
  if (!response.ok || !type.startsWith("text/event-stream")) {
    throw new Error(`The server answered with status ${response.status} and no events.`);
  }
  for await (const { event, data } of eventsOf(chunksOf(response.body.pipeThrough(new TextDecoderStream())))) {
    if (event === "complete") {
      return;
    }
    if (event === "next") {
      yield JSON.parse(data);
    }
  }
  throw new Error("The stream of events broke off.");
}

/** Follows a subscription over a WebSocket, where the headers travel in connection_init. */
export async function* overSocket(endpoint, request, { headers, signal } = {}) {
  signal?.throwIfAborted();
  const url = new URL(endpoint, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url, "graphql-transport-ws");
  const send = (message) => socket.send(JSON.stringify(message));
  socket.addEventListener("open", () => send({ type: "connection_init", payload: headers ?? {} }));
  const messages = messagesOf(socket).pipeThrough(new TransformStream(), { signal });
  for await (const { type, payload } of chunksOf(messages)) {
    if (type === "connection_ack") {
      send({ id: "1", type: "subscribe", payload: request });
    } else if (type === "ping") {
      send({ type: "pong" });
    } else if (type === "next") {
      yield payload;
    } else if (type === "error") {
      yield { errors: payload };
      return;
    } else if (type === "complete") {
      return;
    }
  }
}

/** The messages of a WebSocket. A socket that closes before its subscription is complete is an error. */
function messagesOf(socket) {
  return new ReadableStream({
    start(messages) {
      socket.addEventListener("message", ({ data }) => messages.enqueue(JSON.parse(data)));
      socket.addEventListener("close", ({ code, reason }) => {
        messages.error(new Error(`The WebSocket closed (${[code, reason].filter(Boolean).join(" ")}).`));
      });
    },
    cancel: () => socket.close(1000),
  });
}

/** What a stream holds, piece by piece. Who stops reading ends the connection behind it. */
async function* chunksOf(stream) {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {}); // it broke, which read() has told
  }
}

/**
 * The events {event, data} in pieces of text that may be cut anywhere, by the rules of
 * html.spec.whatwg.org, "Interpreting an event stream". Comments, ids and retry times are left out; an
 * event that has a name needs no data.
 */
export async function* eventsOf(pieces) {
  let rest = "";
  for await (const piece of pieces) {
    rest += piece;
    const blocks = rest.split(/\r\n\r\n|\n\n|\r\r/);
    rest = blocks.pop(); // not whole yet
    yield* blocks.map(eventIn).filter(({ event, data }) => event || data);
  }
}

function eventIn(block) {
  let event = "";
  const data = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, name, value] = /^([^:]*)(?:: ?(.*))?$/.exec(line);
    if (name === "event") {
      event = value ?? "";
    } else if (name === "data") {
      data.push(value ?? "");
    }
  }
  return { event, data: data.join("\n") };
}
