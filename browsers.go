package main

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/rs/cors"
)

// origins are those of web pages that may call /graphql.
type origins []string

// UnmarshalText adds one or several origins, separated by ; or by lines.
func (o *origins) UnmarshalText(text []byte) error {
	for origin := range strings.FieldsFuncSeq(string(text), betweenEntries) {
		if !isOrigin(strings.TrimSpace(origin)) {
			return errors.New("an origin is written scheme://host or scheme://host:port, as browsers send it")
		}
		*o = append(*o, strings.TrimSpace(origin))
	}
	return nil
}

var originForm = regexp.MustCompile(`^([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]+)?$`)

// isOrigin holds a text against the form in which browsers send origins (RFC
// 6454, section 6.2): lower case, ASCII, without the port that the scheme implies.
// Wildcards are refused, as is null: it is the origin of every sandboxed page of
// anybody.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	if err != nil || text != u.Scheme+"://"+u.Host || !originForm.MatchString(u.Host) {
		return false
	}
	implied, known := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	return known && !strings.HasSuffix(u.Host, implied)
}

// preflightSeconds is how long a browser need not ask again.
const preflightSeconds = 600

// crossOrigin lets the pages of the allowed origins read the answers of /graphql.
// Nobody else's browser may, and no cookie is ever asked for: the token stands in
// a header.
func crossOrigin(allowed origins, next http.Handler) http.Handler {
	if len(allowed) == 0 { // which rs/cors would take for everybody
		return next
	}
	open := cors.New(cors.Options{
		AllowedOrigins: allowed,
		AllowedMethods: []string{http.MethodGet, http.MethodPost},
		// Beside ours, what Apollo Client sends of itself and to pass CSRF checks.
		AllowedHeaders: []string{"Authorization", "Content-Type", "Accept", "Last-Event-ID", "X-Requested-With",
			"Apollo-Require-Preflight", "Apollographql-Client-Name", "Apollographql-Client-Version"},
		ExposedHeaders: []string{"Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-Id"},
		MaxAge:         preflightSeconds,
	}).Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == graphqlPath {
			open.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// namesOf returns an origin on this machine under each name that a browser may
// know it by.
func namesOf(origin string) origins {
	names := origins{origin}
	if u, err := url.Parse(origin); err == nil {
		names = append(names, "http://localhost:"+u.Port(), "http://127.0.0.1:"+u.Port())
	}
	return names
}

// withHeaders tells browsers what they must not do with an answer. A page adds its
// own Content-Security-Policy.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Resource-Policy", "same-origin") // of what is read without CORS
		if r.URL.Path == graphqlPath {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}
