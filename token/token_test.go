package token_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/token"
)

const issuer = "https://login.example"

var start = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// shelf keeps a key set in memory. It runs every change twice, as a store may.
type shelf struct {
	mu     sync.Mutex
	data   []byte
	writes int
	fault  error
}

func (s *shelf) load(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data, s.fault
}

func (s *shelf) update(_ context.Context, change func([]byte) ([]byte, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := change(s.data); err != nil {
		return err
	}
	next, err := change(s.data)
	if err != nil {
		return err
	}
	if s.fault != nil {
		return s.fault
	}
	s.data = next
	s.writes++
	return nil
}

// clock is moved by hand.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// fixture is a signer with what stands around it.
type fixture struct {
	*token.Signer
	shelf *shelf
	clock *clock
	opts  token.Options
}

func open(tb testing.TB, alg token.Algorithm) fixture {
	tb.Helper()
	f := fixture{shelf: &shelf{}, clock: &clock{t: start}}
	f.opts = token.Options{Issuer: issuer, Algorithm: alg, Load: f.shelf.load, Update: f.shelf.update, Now: f.clock.now}
	return f.again(tb)
}

// again opens another signer over the same shelf, as another process would.
func (f fixture) again(tb testing.TB) fixture {
	tb.Helper()
	s, err := token.Open(tb.Context(), f.opts)
	if err != nil {
		tb.Fatal(err)
	}
	f.Signer = s
	return f
}

func (f fixture) claims() token.Claims {
	now := f.clock.now()
	return token.Claims{
		UserID: "usr_1", SessionID: "ses_1", AppID: "wx0123456789abcdef", ID: "jti_1",
		IssuedAt: now, ExpiresAt: now.Add(2 * time.Hour),
	}
}

func (f fixture) issue(tb testing.TB) string {
	tb.Helper()
	raw, err := f.Issue(f.claims())
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func (f fixture) refresh(tb testing.TB, r token.Refresh) string {
	tb.Helper()
	raw, err := f.RefreshToken(r)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func (f fixture) wantVerify(t *testing.T, raw string, want error) {
	t.Helper()
	_, err := f.Verify(raw)
	wantErr(t, err, want)
}

func (f fixture) wantParse(t *testing.T, raw string, want error) {
	t.Helper()
	_, err := f.ParseRefresh(raw)
	wantErr(t, err, want)
}

func (f fixture) wantClaims(t *testing.T, raw string, want token.Claims) {
	t.Helper()
	got, err := f.Verify(raw)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func (f fixture) wantRefresh(t *testing.T, raw string, want token.Refresh) {
	t.Helper()
	got, err := f.ParseRefresh(raw)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func (f fixture) wantPrune(t *testing.T, oldestSession time.Time, want ...string) {
	t.Helper()
	got, err := f.Prune(t.Context(), oldestSession)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// saved is the key set document as the test reads it, with none of the
// package's own code.
type saved struct {
	Access []struct {
		Alg, Kid, D string
		RetiredAt   *time.Time
	}
	Refresh []struct {
		ID     uint32
		Secret []byte
	}
}

func (f fixture) saved(tb testing.TB) saved {
	tb.Helper()
	var doc saved
	if err := json.Unmarshal(f.shelf.data, &doc); err != nil {
		tb.Fatal(err)
	}
	return doc
}

// sign signs a text with the active private key, taken from the shelf.
func (f fixture) sign(tb testing.TB, text string) []byte {
	tb.Helper()
	for _, key := range f.saved(tb).Access {
		if key.RetiredAt == nil {
			return signWith(tb, key.Alg, unb64(tb, key.D), text)
		}
	}
	tb.Fatal("no active key")
	return nil
}

func signWith(tb testing.TB, alg string, d []byte, text string) []byte {
	tb.Helper()
	if alg == "EdDSA" {
		return ed25519.Sign(ed25519.NewKeyFromSeed(d), []byte(text))
	}
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
	if err != nil {
		tb.Fatal(err)
	}
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, private, digest[:])
	if err != nil {
		tb.Fatal(err)
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
}

// segments are the three parts of a token, the first two decoded.
func segments(tb testing.TB, raw string) (header, payload string, signature []byte) {
	tb.Helper()
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		tb.Fatalf("token has %d segments, want 3", len(parts))
	}
	return string(unb64(tb, parts[0])), string(unb64(tb, parts[1])), unb64(tb, parts[2])
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func unb64(tb testing.TB, text string) []byte {
	tb.Helper()
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func wantErr(tb testing.TB, err, want error) {
	tb.Helper()
	if !errors.Is(err, want) {
		tb.Errorf("error %v, want %v", err, want)
	}
}

// wantRefusal wants an ErrInvalid of this reason and nothing more, so that
// nothing of the token can be in it.
func wantRefusal(tb testing.TB, err error, reason string) {
	tb.Helper()
	wantErr(tb, err, token.ErrInvalid)
	if want := "token: invalid: " + reason; fmt.Sprint(err) != want {
		tb.Errorf("error %v, want %s", err, want)
	}
}

func b64std(data []byte) string { return base64.StdEncoding.EncodeToString(data) }
