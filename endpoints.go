package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"sync/atomic"
	"time"

	"menshen/resolvers"
	"menshen/store"
	"menshen/token"
)

// serveHealth says that the process lives.
func serveHealth(w http.ResponseWriter, _ *http.Request) {
	plain(w, http.StatusOK, "ok\n")
}

// readiness says whether requests should be sent here.
type readiness struct {
	store    store.Store
	draining atomic.Bool
}

// ServeHTTP answers 200 while the store answers and nobody has asked to stop.
func (h *readiness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.draining.Load() {
		plain(w, http.StatusServiceUnavailable, "shutting down\n")
		return
	}
	if err := h.store.Ping(r.Context()); err != nil {
		plain(w, http.StatusServiceUnavailable, "the store cannot be read or written\n")
		return
	}
	plain(w, http.StatusOK, "ready\n")
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(text)) // an error here means that the client left
}

// jwksCacheControl is how long verifiers may keep the public keys. They fetch again
// when a token names a key they do not know, so a rotation reaches them at once.
const jwksCacheControl = "public, max-age=300"

func serveJWKS(tokens *token.Signer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A verifier that asks may have met a key that another instance made. When the
		// store is away the known ones are better than none.
		_ = tokens.Renew(r.Context())
		keys := tokens.JWKS()
		h := w.Header()
		h.Set("Cache-Control", jwksCacheControl)
		h.Set("Content-Type", "application/jwk-set+json")
		h.Set("ETag", etag(keys))
		h.Set("Access-Control-Allow-Origin", "*") // public keys are for everybody
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(keys))
	})
}

// etag is a validator of bytes that change seldom.
func etag(b []byte) string {
	sum := sha256.Sum256(b)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// requireAdmin lets the service key through to a handler that is not GraphQL.
func requireAdmin(resolver *resolvers.Resolver, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !resolver.IsAdmin(r.Context()) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			plain(w, http.StatusUnauthorized, "this needs the admin key\n")
			return
		}
		next.ServeHTTP(w, r)
	})
}
