// Subscribes as web pages do, with the clients graphql-ws and graphql-sse.
//
//   node subscribe.mjs ws|sse URL DOCUMENT [CONNECTION_INIT]
//
// For each result it prints a line of JSON; at the end "complete", or
// {"failed": why}. CONNECTION_INIT is the JSON of connection_init's payload.
import WebSocket from 'ws'
import { createClient as createSocket } from 'graphql-ws'
import { createClient as createEvents } from 'graphql-sse'

const [transport, url, query, init] = process.argv.slice(2)
const client = transport === 'ws'
  ? createSocket({ url, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: init && JSON.parse(init) })
  : createEvents({ url, retryAttempts: 0 })

client.subscribe({ query }, {
  next: (result) => console.log(JSON.stringify(result)),
  error: (error) => console.log(JSON.stringify({ failed: error.code ?? error.message ?? error })),
  complete: () => console.log('complete'),
})
