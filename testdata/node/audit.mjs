// Holds a GraphQL server against the audit suite of GraphQL over HTTP.
//
//   node audit.mjs URL
//
// It prints a line for each audit that fails and, last, how many there were. It
// exits with 1 when any failed, whether the suite says MUST, SHOULD or MAY.
import { auditServer } from 'graphql-http'

const results = await auditServer({ url: process.argv[2] })
const failed = results.filter(result => result.status !== 'ok')
for (const { id, name, reason } of failed) console.log(`${id} ${name}: ${reason}`)
console.log(`${results.length - failed.length} of ${results.length}`)
process.exitCode = failed.length > 0 ? 1 : 0
