// Makes vectors.json with node's crypto and nothing of Menshen:
//
//	node make.mjs > vectors.json
//
// The private keys are those printed in RFC 8037 appendix A.1 and RFC 7515 appendix A.3.1; they protect
// nothing. ES256 signatures differ from run to run.
import { createHash, createHmac, createPrivateKey, sign } from "node:crypto";

const b64 = (data) => Buffer.from(data).toString("base64url");
const sha256 = (data) => createHash("sha256").update(data).digest();

const ed = {
  kty: "OKP",
  crv: "Ed25519",
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
};
const ec = {
  kty: "EC",
  crv: "P-256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
  d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
};
const kid = ({ kty, crv, x, y }) => b64(sha256(JSON.stringify(y ? { crv, kty, x, y } : { crv, kty, x })));
const pub = ({ d, ...rest }, alg) => ({ ...rest, use: "sig", alg, kid: kid(rest) });

const claims = {
  iss: "menshen",
  sub: "usr_1",
  aud: "wx0123456789abcdef",
  sid: "ses_1",
  iat: 1700000000,
  exp: 1700007200,
  jti: "jti_1",
};
const token = (jwk, alg) => {
  const text = b64(JSON.stringify({ alg, kid: kid(jwk), typ: "JWT" })) + "." + b64(JSON.stringify(claims));
  const key = { key: createPrivateKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
  return text + "." + b64(sign(alg === "ES256" ? "sha256" : null, Buffer.from(text), key));
};

const secret = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
const message = Buffer.concat([Buffer.from([1, 0x0a, 0x0b, 0x0c, 0x0d, 0, 0, 1, 2]), Buffer.from("ses_1")]);
const tag = createHmac("sha256", secret).update("menshen refresh token\0").update(message).digest();
const refreshToken = "mrt_" + b64(Buffer.concat([message, tag]));

const createdAt = "2023-11-14T22:00:00Z";
const retiredAt = "2023-11-14T22:10:00Z";
console.log(
  JSON.stringify(
    {
      keySet: {
        version: 1,
        access: [
          { ...pub(ed, "EdDSA"), d: ed.d, createdAt, retiredAt },
          { ...pub(ec, "ES256"), d: ec.d, createdAt: retiredAt },
        ],
        refresh: [
          { id: 7, secret: Buffer.alloc(32, 7).toString("base64"), createdAt, retiredAt },
          { id: 0x0a0b0c0d, secret: secret.toString("base64"), createdAt: retiredAt },
        ],
      },
      jwks: JSON.stringify({ keys: [pub(ed, "EdDSA"), pub(ec, "ES256")] }),
      es256: token(ec, "ES256"),
      eddsa: token(ed, "EdDSA"),
      refreshToken,
      refreshHash: sha256(refreshToken).toString("hex"),
    },
    null,
    2,
  ),
);
