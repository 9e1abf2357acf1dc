// Package token makes and checks what a client carries: access tokens, which
// are JWTs (RFC 7519) that anyone verifies with the published keys, and refresh
// tokens, which are opaque and derived.
//
// # Keys
//
// Both kinds of key live in one key set, which the caller keeps. It is the
// plain text of private keys: the caller seals it before it touches a disk.
// Rotate makes new keys and retires the present ones; retired keys sign
// nothing, still verify, and stay in the JWKS. Prune drops them, and that ends
// the overlap. A new key signs at once: a verifier that caches the JWKS fetches
// it again when it meets an unknown kid, as JOSE libraries do, so no key is
// published ahead of its use.
//
// # What it never does
//
// It knows nothing of users and sessions: whether a session still lives is for
// the store to say. It puts no token, key or claim into an error, and parses
// nothing of an access token before its signature holds.
package token

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

var (
	// ErrInvalid is every reason to refuse a token. The text of an error that
	// wraps it names the reason and holds nothing of the token, so it may be
	// logged.
	ErrInvalid = errors.New("token: invalid")

	// ErrExpired says that an access token was good until its time ran out. It
	// is also ErrInvalid.
	ErrExpired = fmt.Errorf("%w: expired", ErrInvalid)

	// ErrUnknownKey says that no key of the set made the token. It is also
	// ErrInvalid. Where another process may have rotated the keys, Renew and ask
	// again.
	ErrUnknownKey = fmt.Errorf("%w: unknown key", ErrInvalid)

	// ErrKeySet says that the saved key set is damaged, or was written by a
	// later version. It is left as it was found.
	ErrKeySet = errors.New("token: unreadable key set")
)

// defaultCacheSize is how many verified tokens are remembered, some 400 bytes
// each.
const defaultCacheSize = 16384

// Options says how a Signer works. Every field must be set but those with a
// default.
type Options struct {
	// Issuer is the iss of every access token made, and the only one accepted.
	Issuer string

	// Algorithm is that of new access keys; default that of the active one,
	// ES256 when there is none.
	Algorithm Algorithm

	// Load reads the key set as last saved; nil bytes when there is none.
	Load func(ctx context.Context) ([]byte, error)

	// Update replaces the key set in one atomic step, durable when it returns.
	// It hands change the bytes that the result replaces, nil when there are
	// none, and may run change more than once. When change fails nothing is
	// written, and errors.Is finds its error in what Update returns. When
	// change succeeds its bytes are never nil; they equal the old ones when
	// nothing changes.
	Update func(ctx context.Context, change func(old []byte) ([]byte, error)) error

	// Now is the clock; default time.Now.
	Now func() time.Time

	// CacheSize bounds the verified tokens that are remembered; default 16384.
	CacheSize int

	// Shared says that other processes may change the key set.
	Shared bool
}

// Signer issues and verifies tokens with the keys of one key set. Its methods
// may be called at once from many goroutines; none but Rotate, Prune, Reload and
// Renew touches the store.
type Signer struct {
	opts     Options
	verified *lru.Cache[[32]byte, verified]
	keys     atomic.Pointer[snapshot]
	// replace is held while the store is asked and keys swapped, so that keys
	// is never the older.
	replace sync.Mutex
	renewal renewal
}

// Open loads the key set and makes the keys that it lacks: all of them the
// first time, and an active access key of o.Algorithm when the present one is
// of another. Of two processes that do so at once both end up with one set. It
// fails with ErrKeySet when the saved set cannot be used.
func Open(ctx context.Context, o Options) (*Signer, error) {
	s, err := newSigner(o)
	if err != nil {
		return nil, err
	}
	keys, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	s.opts.Algorithm = cmp.Or(s.opts.Algorithm, keys.algorithm(), ES256)
	if keys.signs(s.opts.Algorithm) && keys.derives() {
		err = s.swap(keys)
	} else {
		err = s.update(ctx, func(k *keySet) error { return k.fill(s.opts.Algorithm, s.now()) })
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func newSigner(o Options) (*Signer, error) {
	if o.Issuer == "" {
		return nil, errors.New("token: no issuer")
	}
	if o.Algorithm != "" && o.Algorithm != ES256 && o.Algorithm != EdDSA {
		return nil, fmt.Errorf("token: algorithm %q is neither %s nor %s", o.Algorithm, ES256, EdDSA)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.CacheSize == 0 {
		o.CacheSize = defaultCacheSize
	}
	cache, err := lru.New[[32]byte, verified](o.CacheSize)
	if err != nil {
		return nil, fmt.Errorf("token: cache: %w", err)
	}
	return &Signer{opts: o, verified: cache, renewal: renewal{turn: make(chan struct{}, 1)}}, nil
}

func (s *Signer) now() time.Time { return s.opts.Now() }
