package token

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
)

const (
	// maxLength of an access token in bytes. Ours have some 450; a longer text
	// is refused before any work.
	maxLength = 4096

	// skew is how far the clock of the process that issued a token may be ahead
	// of this one's.
	skew = 5 * time.Second
)

// Why a token is refused, in words that hold nothing of it.
var (
	errTooLong   = fmt.Errorf("%w: too long", ErrInvalid)
	errMalformed = fmt.Errorf("%w: malformed", ErrInvalid)
	errSignature = fmt.Errorf("%w: wrong signature", ErrInvalid)
	errPayload   = fmt.Errorf("%w: claims not as issued", ErrInvalid)
	errIssuer    = fmt.Errorf("%w: another issuer", ErrInvalid)
	errNotYet    = fmt.Errorf("%w: issued in the future", ErrInvalid)
)

// verified is a token whose signature held.
type verified struct {
	claims Claims
	keyID  string
}

// Verify returns the claims of an access token that this key set signed for
// this issuer and that has not expired. Everything else is ErrInvalid:
// ErrExpired when time is the only fault, ErrUnknownKey when the header is not
// that of one of our keys. An iat up to five seconds ahead is accepted, as
// clocks differ.
//
// Tokens that were verified are remembered by the SHA-256 of their whole text;
// their key and their exp are looked at every time. An ECDSA signature (r, s)
// has a twin (r, n-s), so a bearer can write an ES256 token in two ways. Both
// say the same, each is remembered for itself, and nothing is known by its
// text, so it does no harm; revoke by session or jti, never by text. Of any
// other change nothing verifies.
func (s *Signer) Verify(raw string) (Claims, error) {
	if len(raw) > maxLength {
		return Claims{}, errTooLong
	}
	keys := s.keys.Load()
	digest := sha256.Sum256([]byte(raw))
	v, ok := s.verified.Get(digest)
	if !ok || keys.byKeyID[v.keyID] == nil {
		var err error
		if v, err = s.verify(keys, raw); err != nil {
			return Claims{}, err
		}
		s.verified.Add(digest, v)
	}
	if !s.now().Before(v.claims.ExpiresAt) {
		return Claims{}, ErrExpired
	}
	return v.claims, nil
}

// verify checks all of a token but its expiry. The header must be, byte for
// byte, the one that a key of ours writes: the key fixes the algorithm, and
// none, a foreign kid, crit, jwk, jku and x5u have no way in. Nothing is parsed
// before the signature holds.
func (s *Signer) verify(keys *snapshot, raw string) (verified, error) {
	dot := strings.LastIndexByte(raw, '.')
	if dot < 0 {
		return verified{}, errMalformed
	}
	signed, signature := raw[:dot], raw[dot+1:]
	header, segment, _ := strings.Cut(signed, ".")
	key := keys.byHeader[header]
	if key == nil {
		return verified{}, ErrUnknownKey
	}
	if !key.verify(signed, signature) {
		return verified{}, errSignature
	}
	p, ok := decodePayload(segment)
	if !ok {
		return verified{}, errPayload
	}
	return verified{p.claims(), key.jwk.KeyID}, s.check(p)
}

func (k *accessKey) verify(signed, signature string) bool {
	sig, ok := decode(signature)
	return ok && k.method.Verify(signed, sig, k.public) == nil
}

func (s *Signer) check(p payload) error {
	if p.Issuer != s.opts.Issuer {
		return errIssuer
	}
	if time.Unix(p.IssuedAt, 0).After(s.now().Add(skew)) {
		return errNotYet
	}
	return nil
}
