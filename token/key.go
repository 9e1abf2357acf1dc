package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Algorithm is a JOSE signature algorithm (RFC 7518 section 3.1, RFC 8037
// section 3.1).
type Algorithm string

// The algorithms of access keys. There is no HS256: a JWKS could not publish
// its key.
const (
	ES256 Algorithm = "ES256" // ECDSA on P-256 with SHA-256
	EdDSA Algorithm = "EdDSA" // Ed25519
)

// hmacSHA256 is what KeyInfo says of refresh keys, which never enter a JWT or
// the JWKS.
const hmacSHA256 Algorithm = "HMAC-SHA256"

// The uses of a key, as KeyInfo gives them.
const (
	UseAccess  = "access"
	UseRefresh = "refresh"
)

// KeyInfo describes a key without its secret.
type KeyInfo struct {
	// ID is an access key's kid, its RFC 7638 thumbprint; a refresh key's id in
	// eight hex digits.
	ID        string
	Use       string // UseAccess or UseRefresh
	Algorithm Algorithm
	CreatedAt time.Time // UTC, whole seconds
	RetiredAt time.Time // the same; zero while the key is active
	Active    bool      // new tokens are made with it
}

// lifetime is when a key came into use and went out of it.
type lifetime struct {
	CreatedAt time.Time `json:"createdAt"`
	RetiredAt time.Time `json:"retiredAt,omitzero"`
}

func (l lifetime) active() bool { return l.RetiredAt.IsZero() }

func (l *lifetime) retire(now time.Time) {
	if l.active() {
		l.RetiredAt = now
	}
}

func (l lifetime) info(id, use string, alg Algorithm) KeyInfo {
	return KeyInfo{id, use, alg, l.CreatedAt, l.RetiredAt, l.active()}
}

// accessKey signs and verifies access tokens.
type accessKey struct {
	lifetime
	jwk     privateJWK
	header  string // the first segment of every token it signs
	method  jwt.SigningMethod
	private crypto.Signer
	public  crypto.PublicKey
}

// generateAccessKey makes a key of alg from the system's randomness.
func generateAccessKey(alg Algorithm, now time.Time) (accessKey, error) {
	d, err := generatePrivate(alg)
	if err != nil {
		return accessKey{}, fmt.Errorf("token: generate key: %w", err)
	}
	return newAccessKey(alg, d, lifetime{CreatedAt: now})
}

func generatePrivate(alg Algorithm) ([]byte, error) {
	if alg == EdDSA {
		seed := make([]byte, ed25519.SeedSize)
		rand.Read(seed)
		return seed, nil
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return private.Bytes()
}

// newAccessKey makes the key whose private part is d, a P-256 scalar or an
// Ed25519 seed of 32 bytes.
func newAccessKey(alg Algorithm, d []byte, l lifetime) (accessKey, error) {
	switch alg {
	case ES256:
		return newES256Key(d, l)
	case EdDSA:
		return newEdDSAKey(d, l)
	}
	return accessKey{}, ErrKeySet
}

func newES256Key(d []byte, l lifetime) (accessKey, error) {
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
	if err != nil {
		return accessKey{}, ErrKeySet
	}
	point, err := private.PublicKey.Bytes() // 4, x, y: SEC 1 section 2.3.3
	if err != nil {
		return accessKey{}, ErrKeySet
	}
	jwk := newJWK(publicJWK{KeyType: "EC", Curve: "P-256", X: encode(point[1:33]), Y: encode(point[33:])}, ES256)
	return accessKey{
		lifetime: l,
		jwk:      privateJWK{jwk, encode(d)},
		header:   header(jwk),
		method:   jwt.SigningMethodES256,
		private:  private,
		public:   &private.PublicKey,
	}, nil
}

func newEdDSAKey(d []byte, l lifetime) (accessKey, error) {
	if len(d) != ed25519.SeedSize {
		return accessKey{}, ErrKeySet
	}
	private := ed25519.NewKeyFromSeed(d)
	public := private.Public().(ed25519.PublicKey)
	jwk := newJWK(publicJWK{KeyType: "OKP", Curve: "Ed25519", X: encode(public)}, EdDSA)
	return accessKey{
		lifetime: l,
		jwk:      privateJWK{jwk, encode(d)},
		header:   header(jwk),
		method:   jwt.SigningMethodEdDSA,
		private:  private,
		public:   public,
	}, nil
}

// refreshKey derives and authenticates refresh tokens.
type refreshKey struct {
	lifetime
	ID     uint32 `json:"id"`
	Secret []byte `json:"secret"`
}

// refreshKeySize is that of HMAC-SHA256's output: RFC 2104 section 3 asks for
// no less.
const refreshKeySize = 32

func (k refreshKey) name() string { return fmt.Sprintf("%08x", k.ID) }
