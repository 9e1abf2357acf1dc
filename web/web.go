// Package web is what a browser sees, embedded in the binary: the playground
// for the GraphQL API, a page that signs in by scan login, and the phone page of
// the WeChat simulator. No page loads anything from another origin, and a strict
// Content-Security-Policy keeps it so.
//
// The package knows no users, tokens or stores: the pages talk to the server's
// public API as any client does.
package web

import (
	"embed"
	"net/http"
)

//go:embed playground/*.html playground/*.js playground/*.css playground/vendor/*.js playground/vendor/*.css playground/vendor/*.txt
//go:embed phone/*.html phone/*.js phone/*.css phone/vendor/*.js phone/vendor/*.txt
var files embed.FS

// protect sets the headers that every answer of a page carries, errors
// included.
func protect(policy string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}
