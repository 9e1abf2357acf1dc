package web

import (
	"crypto/rand"
	"html/template"
	"net/http"
)

// Playground serves GraphiQL at /playground, a page that signs in by scan login
// at /playground/scan, and their files below /playground/. The pages send their
// requests to endpoint, a path on the same origin. A fragment #code=…&appId=…
// puts a login code into GraphiQL, #transport=ws lets the scan login page wait
// over a WebSocket; browsers send a fragment to no server.
//
// The pages hold no secret: they show what the API shows to the token that the
// user pastes or scans for. Nothing typed or answered there outlives them.
func Playground(endpoint string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /playground", playgroundPage(endpoint))
	mux.Handle("GET /playground/scan", scanPage(endpoint))
	mux.Handle("GET /playground/{$}", http.RedirectHandler("/playground", http.StatusPermanentRedirect))
	for _, name := range matching("playground/*.js", "playground/*.css", "playground/vendor/*") {
		mux.Handle("GET /"+name, asset(name))
	}
	return protect(playgroundPolicy("'self'"), mux)
}

// playgroundPolicy lets the pages run this server's scripts and talk to this
// server. GraphiQL's style sheet carries its fonts and cursors as data: URLs,
// and a ticket of scan login its code.
func playgroundPolicy(styles string) string {
	return "default-src 'none'; script-src 'self'; style-src " + styles + "; connect-src 'self'; " +
		"font-src data:; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

var playgroundTemplates = template.Must(template.ParseFS(files, "playground/*.html"))

// playgroundPage allows the style elements that GraphiQL's dialogs add by a
// nonce of the answer alone.
func playgroundPage(endpoint string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nonce := rand.Text()
		w.Header().Set("Content-Security-Policy", playgroundPolicy("'self' 'nonce-"+nonce+"'"))
		render(w, "index.html", struct{ Endpoint, Nonce string }{endpoint, nonce})
	})
}

func scanPage(endpoint string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		render(w, "scan.html", struct{ Endpoint string }{endpoint})
	})
}

func render(w http.ResponseWriter, name string, data any) {
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Content-Type", contentTypes[".html"])
	// An error here means that the client left.
	playgroundTemplates.ExecuteTemplate(w, name, data)
}
