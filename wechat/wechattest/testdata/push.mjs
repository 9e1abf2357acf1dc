// Makes push.json with node's crypto, apart from our own code: one message
// push in WeChat's secure mode. Run: node push.mjs > push.json
import { createCipheriv, createHash } from "node:crypto";

const token = "a token of ours";
const encodingAESKey = "Q0JDIG5lZWRzIGEga2V5IG9mIDMyIGJ5dGVzLCBoZXI";
const appid = "wxdev00000000000000";
const random = "0123456789abcdef";
const message = JSON.stringify({ MsgType: "event", Event: "user_authorization_revoke", Note: "撤回" });
const timestamp = "1767326430";
const nonce = "20260102";

const key = Buffer.from(encodingAESKey + "=", "base64");
const length = Buffer.alloc(4);
length.writeUInt32BE(Buffer.byteLength(message));
const plain = Buffer.concat([Buffer.from(random), length, Buffer.from(message), Buffer.from(appid)]);
const n = 32 - (plain.length % 32);
const cipher = createCipheriv("aes-256-cbc", key, key.subarray(0, 16)).setAutoPadding(false);
const encrypt = Buffer.concat([cipher.update(Buffer.concat([plain, Buffer.alloc(n, n)])), cipher.final()]).toString("base64");
const sign = (...parts) => createHash("sha1").update(parts.sort().join("")).digest("hex");

console.log(JSON.stringify({
  token, encodingAESKey, appid, random, expected: message, timestamp, nonce, encrypt,
  signature: sign(token, timestamp, nonce),
  msg_signature: sign(token, timestamp, nonce, encrypt),
}, null, 2));
