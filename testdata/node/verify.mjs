// Verifies access tokens as a service in another language would: with the
// published keys and nothing else.
//
//   node verify.mjs JWKS_URL ISSUER AUDIENCE ALGORITHM
//
// For each line of standard input, a token, it prints a line of JSON: the
// token's claims, or {"refused": jose's code}.
import { createInterface } from 'node:readline'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const [url, issuer, audience, algorithm] = process.argv.slice(2)
// An unknown kid is looked up at once; jose's default waits 30 s between two looks.
const keys = createRemoteJWKSet(new URL(url), { cooldownDuration: 0 })

for await (const token of createInterface({ input: process.stdin })) {
  try {
    const { payload } = await jwtVerify(token, keys, { issuer, audience, algorithms: [algorithm] })
    console.log(JSON.stringify(payload))
  } catch (error) {
    console.log(JSON.stringify({ refused: error.code ?? String(error) }))
  }
}
