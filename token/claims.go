package token

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Claims is what an access token says (RFC 7519 section 4.1; sid from OpenID
// Connect).
type Claims struct {
	UserID    string    // sub
	SessionID string    // sid
	AppID     string    // aud, always one string
	ID        string    // jti
	IssuedAt  time.Time // iat; UTC, whole seconds
	ExpiresAt time.Time // exp; the same; at this instant the token is expired
}

// errClaims refuses claims that Verify would not give back.
var errClaims = errors.New("token: claims are incomplete, not text, or too long")

// Issue signs an access token with the active key. Every claim must be given
// but the ID, which is drawn at random when it is empty; fractions of a second
// are cut off. It fails when a claim is missing, is not UTF-8, makes the token
// longer than 4 KiB, or expires no later than it is issued.
func (s *Signer) Issue(c Claims) (string, error) {
	if c.ID == "" {
		c.ID = rand.Text()
	}
	p := newPayload(s.opts.Issuer, c)
	if !p.complete() || p.ExpiresAt <= p.IssuedAt {
		return "", errClaims
	}
	key := s.keys.Load().signing
	signed := key.header + "." + encode(encodeJSON(p))
	signature, err := key.method.Sign(signed, key.private)
	if err != nil {
		return "", fmt.Errorf("token: sign: %w", err)
	}
	raw := signed + "." + encode(signature)
	if len(raw) > maxLength {
		return "", errClaims
	}
	return raw, nil
}

// payload is the claims as the token holds them, in this order.
type payload struct {
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	Audience  string `json:"aud"`
	SessionID string `json:"sid"`
	IssuedAt  int64  `json:"iat"`
	ExpiresAt int64  `json:"exp"`
	ID        string `json:"jti"`
}

func newPayload(issuer string, c Claims) payload {
	return payload{issuer, c.UserID, c.AppID, c.SessionID, c.IssuedAt.Unix(), c.ExpiresAt.Unix(), c.ID}
}

// complete reports whether no name is empty, and all survive JSON.
func (p payload) complete() bool {
	for _, name := range []string{p.Subject, p.Audience, p.SessionID, p.ID} {
		if name == "" || !utf8.ValidString(name) {
			return false
		}
	}
	return true
}

// decodePayload takes only the bytes that Issue writes. That one comparison
// refuses members that are missing, doubled, unknown or spelt in another case
// (all of which encoding/json lets pass), an aud that is an array, and every
// other way to write a number or a string. A claim added one day must therefore
// be known to all processes before one of them issues it.
func decodePayload(segment string) (payload, bool) {
	data, ok := decode(segment)
	if !ok {
		return payload{}, false
	}
	var p payload
	if err := json.Unmarshal(data, &p); err != nil {
		return payload{}, false
	}
	return p, p.complete() && bytes.Equal(encodeJSON(p), data)
}

func (p payload) claims() Claims {
	return Claims{
		UserID:    p.Subject,
		SessionID: p.SessionID,
		AppID:     p.Audience,
		ID:        p.ID,
		IssuedAt:  time.Unix(p.IssuedAt, 0).UTC(),
		ExpiresAt: time.Unix(p.ExpiresAt, 0).UTC(),
	}
}
