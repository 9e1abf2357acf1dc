package token_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"menshen/token"
)

var algorithms = []token.Algorithm{token.ES256, token.EdDSA}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func TestVerify(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(string(alg)+" gives back what was issued", func(t *testing.T) {
			f := open(t, alg)
			raw := f.issue(t)
			for range 2 { // the second time out of the cache
				f.wantClaims(t, raw, f.claims())
			}
		})
	}
}

func TestVerifyTime(t *testing.T) {
	tests := []struct {
		name    string
		advance time.Duration
		want    error
	}{
		{"just before exp", 2*time.Hour - time.Nanosecond, nil},
		{"at exp", 2 * time.Hour, token.ErrExpired},
		{"long after exp", 1000 * time.Hour, token.ErrExpired},
		{"by a clock five seconds behind", -5 * time.Second, nil},
		{"by a clock six seconds behind", -6 * time.Second, token.ErrInvalid},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := open(t, token.ES256)
			raw := f.issue(t)
			f.clock.advance(test.advance)
			for range 2 { // the second time out of the cache, where it got there
				f.wantVerify(t, raw, test.want)
			}
		})
	}
	t.Run("a remembered token expires too", func(t *testing.T) {
		f := open(t, token.ES256)
		raw := f.issue(t)
		f.wantVerify(t, raw, nil)
		f.clock.advance(2 * time.Hour)
		_, err := f.Verify(raw)
		wantErr(t, err, token.ErrExpired)
		wantErr(t, err, token.ErrInvalid)
	})
	t.Run("a wrong issuer is not called expired", func(t *testing.T) {
		f := open(t, token.ES256)
		raw := f.issue(t)
		f.clock.advance(3 * time.Hour)
		f.opts.Issuer = "another"
		wantReason(t, f.again(t), raw, "another issuer")
	})
}

// change is a token's header or payload with one text in it replaced, and why
// the token is refused then.
type change struct{ name, old, new, want string }

func (c change) apply(t *testing.T, part string) string {
	t.Helper()
	changed := strings.Replace(part, c.old, c.new, 1)
	if changed == part && c.want != "<nil>" {
		t.Fatal("the case changes nothing")
	}
	return changed
}

// Every header below but the first is signed with the real active key, which
// never happens: what is refused then is refused whoever signs it.
func TestVerifyHeader(t *testing.T) {
	tests := []change{
		{"unchanged, as a control", "", "", "<nil>"},
		{"another algorithm", `"alg":"ES256"`, `"alg":"EdDSA"`, "unknown key"},
		{"algorithm none", `"alg":"ES256"`, `"alg":"none"`, "unknown key"},
		{"no algorithm", `"alg":"ES256",`, ``, "unknown key"},
		{"a doubled algorithm", `{`, `{"alg":"none",`, "unknown key"},
		{"a foreign kid", `"kid":"`, `"kid":"x`, "unknown key"},
		{"a kid that is a number", `"kid":"`, `"kid":1,"x":"`, "unknown key"},
		{"another typ", `"typ":"JWT"`, `"typ":"at+jwt"`, "unknown key"},
		{"crit", `{`, `{"crit":["b64"],"b64":false,`, "unknown key"},
		{"an embedded jwk", `{`, `{"jwk":{"kty":"oct","k":"AA"},`, "unknown key"},
		{"jku", `{`, `{"jku":"https://evil.example/jwks.json",`, "unknown key"},
		{"x5u", `{`, `{"x5u":"https://evil.example/cert.pem",`, "unknown key"},
		{"white space", `{`, `{ `, "unknown key"},
		{"no object", `{`, `[`, "unknown key"},
	}
	f := open(t, token.ES256)
	header, payload, _ := segments(t, f.issue(t))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wantReason(t, f, f.forge(t, test.apply(t, header), payload), test.want)
		})
	}
}

// The payloads too are signed with the real active key.
func TestVerifyPayload(t *testing.T) {
	tests := []change{
		{"unchanged, as a control", "", "", "<nil>"},
		{"no iss", `"iss":"https://login.example",`, ``, "claims not as issued"},
		{"no sub", `"sub":"usr_1",`, ``, "claims not as issued"},
		{"no aud", `"aud":"wx0123456789abcdef",`, ``, "claims not as issued"},
		{"no sid", `"sid":"ses_1",`, ``, "claims not as issued"},
		{"no jti", `,"jti":"jti_1"`, ``, "claims not as issued"},
		{"no iat", `"iat":1795248000,`, ``, "claims not as issued"},
		{"no exp", `"exp":1795255200,`, ``, "claims not as issued"},
		{"null exp", `"exp":1795255200`, `"exp":null`, "claims not as issued"},
		{"empty sub", `"usr_1"`, `""`, "claims not as issued"},
		{"empty aud", `"wx0123456789abcdef"`, `""`, "claims not as issued"},
		{"empty sid", `"ses_1"`, `""`, "claims not as issued"},
		{"empty jti", `"jti_1"`, `""`, "claims not as issued"},
		{"aud as an array", `"wx0123456789abcdef"`, `["wx0123456789abcdef"]`, "claims not as issued"},
		{"exp as a string", `1795255200`, `"1795255200"`, "claims not as issued"},
		{"exp as a fraction", `1795255200`, `1795255200.5`, "claims not as issued"},
		{"exp beyond 64 bits", `1795255200`, `99999999999999999999`, "claims not as issued"},
		{"exp of zero", `1795255200`, `0`, "expired"},
		{"iat in the future", `1795248000`, `1795248006`, "issued in the future"},
		{"another issuer", `login.example`, `evil.example`, "another issuer"},
		{"a doubled sub", `{`, `{"sub":"usr_2",`, "claims not as issued"},
		{"sub in capitals", `{`, `{"SUB":"usr_2",`, "claims not as issued"},
		{"an unknown claim", `{`, `{"scope":"admin",`, "claims not as issued"},
		{"white space", `{`, `{ `, "claims not as issued"},
		{"an escaped letter", `usr_1`, `\u0075sr_1`, "claims not as issued"},
		{"a tail", `"}`, `"}{}`, "claims not as issued"},
		{"not JSON", `{`, `<`, "claims not as issued"},
	}
	f := open(t, token.ES256)
	header, payload, _ := segments(t, f.issue(t))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wantReason(t, f, f.forge(t, header, test.apply(t, payload)), test.want)
		})
	}
	t.Run("a payload that is not base64url", func(t *testing.T) {
		signed := b64([]byte(header)) + ".e30="
		wantReason(t, f, signed+"."+b64(f.sign(t, signed)), "claims not as issued")
	})
}

func TestVerifyText(t *testing.T) {
	f := open(t, token.ES256)
	raw := f.issue(t)
	header, payload, sig := segments(t, raw)
	unsigned := raw[:strings.LastIndexByte(raw, '.')+1]
	tests := []struct{ name, raw, want string }{
		{"nothing", "", "malformed"},
		{"dots", "...", "unknown key"},
		{"a word", "token", "malformed"},
		{"the header alone", b64([]byte(header)), "malformed"},
		{"two segments", strings.TrimSuffix(unsigned, "."), "wrong signature"},
		{"no signature", unsigned, "wrong signature"},
		{"four segments", raw + ".", "wrong signature"},
		{"five segments, as JWE", raw + ".a.b", "wrong signature"},
		{"a short signature", unsigned + b64(sig[:63]), "wrong signature"},
		{"a long signature", unsigned + b64(append([]byte{0}, sig...)), "wrong signature"},
		{"a signature of zeros", unsigned + b64(make([]byte, 64)), "wrong signature"},
		{"a signature in DER", unsigned + b64(der(t, sig)), "wrong signature"},
		{"padding", raw + "==", "wrong signature"},
		{"a line break in the signature", raw[:len(raw)-9] + "\n" + raw[len(raw)-9:], "wrong signature"},
		{"a space before", " " + raw, "unknown key"},
		{"a space behind", raw + " ", "wrong signature"},
		{"more than 4 KiB", strings.Repeat("a", 4097), "too long"},
		{"4 KiB", strings.Repeat("a", 4096), "malformed"},
		{"nothing that is text", "\xff\x00.\xff.\xff", "unknown key"},
		{"none, unsigned", b64([]byte(`{"alg":"none"}`)) + "." + b64([]byte(payload)) + ".", "unknown key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { wantReason(t, f, test.raw, test.want) })
	}
}

// The public key is known to all: as an HMAC secret, in any of its forms, it
// signs nothing.
func TestVerifyAlgorithmConfusion(t *testing.T) {
	f := open(t, token.ES256)
	raw := f.issue(t)
	header, payload, _ := segments(t, raw)
	x, y := publicPoint(t, f)
	forms := map[string][]byte{
		"point": append(append([]byte{4}, x...), y...),
		"jwks":  f.JWKS(),
		"empty": nil,
	}
	for name, secret := range forms {
		for _, head := range []string{header, strings.Replace(header, "ES256", "HS256", 1)} {
			signed := b64([]byte(head)) + "." + b64([]byte(payload))
			mac := hmac.New(sha256.New, secret)
			mac.Write([]byte(signed))
			if _, err := f.Verify(signed + "." + b64(mac.Sum(nil))); err == nil {
				t.Errorf("accepted an HMAC under the %s with header %s", name, head)
			}
		}
	}
}

func TestVerifyForeignKey(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(string(alg), func(t *testing.T) {
			f, other := open(t, alg), open(t, alg)
			wantReason(t, f, other.issue(t), "unknown key")
			header, payload, _ := segments(t, f.issue(t))
			wantReason(t, f, other.forge(t, header, payload), "wrong signature")
		})
	}
}

// One changed character anywhere is one too many, and the last character of
// each segment, where base64 has bits to spare, has no second spelling.
func TestVerifyOneText(t *testing.T) {
	f := open(t, token.EdDSA)
	raw := f.issue(t)
	for i := range raw {
		at := strings.IndexByte(alphabet, raw[i])
		if at < 0 {
			continue // a dot
		}
		last := i+1 == len(raw) || raw[i+1] == '.'
		for step := 1; step < len(alphabet) && (last || step == 1); step++ {
			changed := raw[:i] + string(alphabet[at^step]) + raw[i+1:]
			if _, err := f.Verify(changed); err == nil {
				t.Errorf("accepted with character %d changed by %d", i, step)
			}
		}
	}
}

// The twin of an ES256 signature verifies, as Verify says, and says the same.
func TestVerifyTwin(t *testing.T) {
	f := open(t, token.ES256)
	raw := f.issue(t)
	_, _, sig := segments(t, raw)
	n, _ := new(big.Int).SetString("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
	s := new(big.Int).SetBytes(sig[32:])
	s.Sub(n, s).FillBytes(sig[32:])
	twin := raw[:strings.LastIndexByte(raw, '.')+1] + b64(sig)
	if twin == raw {
		t.Fatal("the twin is the token itself")
	}
	f.wantClaims(t, twin, f.claims())
}

// forge signs any header and payload with the active key.
func (f fixture) forge(tb testing.TB, header, payload string) string {
	tb.Helper()
	signed := b64([]byte(header)) + "." + b64([]byte(payload))
	return signed + "." + b64(f.sign(tb, signed))
}

// wantReason verifies raw and wants it refused for this reason, or, to be a
// control, accepted.
func wantReason(t *testing.T, f fixture, raw, want string) {
	t.Helper()
	_, err := f.Verify(raw)
	if want == "<nil>" {
		wantErr(t, err, nil)
		return
	}
	wantRefusal(t, err, want)
}

func der(t *testing.T, sig []byte) []byte {
	t.Helper()
	data, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func publicPoint(t *testing.T, f fixture) (x, y []byte) {
	t.Helper()
	var set struct{ Keys []struct{ X, Y string } }
	if err := json.Unmarshal(f.JWKS(), &set); err != nil {
		t.Fatal(err)
	}
	return unb64(t, set.Keys[0].X), unb64(t, set.Keys[0].Y)
}
