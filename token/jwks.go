package token

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
)

// publicJWK is the public part of an access key (RFC 7517, RFC 7518 section
// 6.2, RFC 8037 section 2). It has no private member, so nothing private can be
// published by mistake.
type publicJWK struct {
	KeyType   string    `json:"kty"`
	Curve     string    `json:"crv"`
	X         string    `json:"x"`
	Y         string    `json:"y,omitempty"`
	Use       string    `json:"use"`
	Algorithm Algorithm `json:"alg"`
	KeyID     string    `json:"kid"`
}

// privateJWK is an access key whole, for the saved key set alone.
type privateJWK struct {
	publicJWK
	D string `json:"d"`
}

// JWKS returns the public access keys, active and retired, as a JWK Set (RFC
// 7517 section 5), oldest first. The bytes are the caller's own. They are the
// same from every process with this key set and change only with it, so a cache
// may keep them.
func (s *Signer) JWKS() []byte { return bytes.Clone(s.keys.Load().jwks) }

func encodeJWKS(keys []accessKey) []byte {
	var set struct {
		Keys []publicJWK `json:"keys"`
	}
	for _, key := range keys {
		set.Keys = append(set.Keys, key.jwk.publicJWK)
	}
	return encodeJSON(set)
}

// newJWK completes the curve and point of a key with its use and its name.
func newJWK(k publicJWK, alg Algorithm) publicJWK {
	k.Use, k.Algorithm, k.KeyID = "sig", alg, thumbprint(k)
	return k
}

// thumbprint names a key by what it is (RFC 7638): the SHA-256 of its required
// members in the order of the alphabet.
func thumbprint(k publicJWK) string {
	sum := sha256.Sum256(encodeJSON(struct {
		Curve   string `json:"crv"`
		KeyType string `json:"kty"`
		X       string `json:"x"`
		Y       string `json:"y,omitempty"`
	}{k.Curve, k.KeyType, k.X, k.Y}))
	return encode(sum[:])
}

// header is the JOSE header of the tokens of a key, encoded. Its typ is JWT:
// at+jwt would promise RFC 9068's client_id, which our tokens lack, and
// verifiers such as Nimbus and Spring refuse it unless told.
func header(k publicJWK) string {
	return encode(encodeJSON(struct {
		Algorithm Algorithm `json:"alg"`
		KeyID     string    `json:"kid"`
		Type      string    `json:"typ"`
	}{k.Algorithm, k.KeyID, "JWT"}))
}

// encodeJSON is for structs of strings and integers, which always marshal.
func encodeJSON(v any) []byte {
	data, _ := json.Marshal(v)
	return data
}

// encode is JOSE's base64url without padding (RFC 7515 section 2).
func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// decode takes only the text that encode gives. Strict refuses stray bits in
// the last character; the length refuses line breaks, which the base64 package
// skips.
func decode(text string) ([]byte, bool) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return data, err == nil && base64.RawURLEncoding.EncodedLen(len(data)) == len(text)
}
