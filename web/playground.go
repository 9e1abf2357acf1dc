package web

import (
	"crypto/rand"
	"html/template"
	"io/fs"
	"net/http"
)

// Playground serves GraphiQL at /playground and its files below /playground/.
// The page sends its requests to endpoint, a path on the same origin. A
// fragment #code=…&appId=… puts a login code into the page; browsers send a
// fragment to no server.
//
// The page holds no secret: it shows what the API shows to the token that the
// user pastes. Nothing typed or answered there outlives it.
func Playground(endpoint string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /playground", playgroundPage(endpoint))
	mux.Handle("GET /playground/{$}", http.RedirectHandler("/playground", http.StatusPermanentRedirect))
	for _, name := range playgroundAssets() {
		mux.Handle("GET /"+name, asset(name))
	}
	return protect(playgroundPolicy("'self'"), mux)
}

// playgroundPolicy lets the page run this server's scripts and talk to this
// server. GraphiQL's style sheet carries its fonts and cursors as data: URLs.
func playgroundPolicy(styles string) string {
	return "default-src 'none'; script-src 'self'; style-src " + styles + "; connect-src 'self'; " +
		"font-src data:; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

var playgroundTemplate = template.Must(template.ParseFS(files, "playground/index.html"))

// playgroundPage allows the style elements that GraphiQL's dialogs add by a
// nonce of the answer alone.
func playgroundPage(endpoint string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nonce := rand.Text()
		h := w.Header()
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Security-Policy", playgroundPolicy("'self' 'nonce-"+nonce+"'"))
		h.Set("Content-Type", contentTypes[".html"])
		// An error here means that the client left.
		playgroundTemplate.Execute(w, struct{ Endpoint, Nonce string }{endpoint, nonce})
	})
}

func playgroundAssets() []string {
	var names []string
	for _, pattern := range []string{"playground/*.js", "playground/*.css", "playground/vendor/*"} {
		matches, err := fs.Glob(files, pattern)
		if err != nil {
			panic("web: " + err.Error())
		}
		names = append(names, matches...)
	}
	return names
}
