package web

import "net/http"

// Phone serves the simulator's phone page at / and its files below /phone/. The
// page plays a user's phone through the control API under /sim/ of the same origin.
// To play scan login it signs in to Menshen as a mini program does, at the
// address that a person gives it or the fragment #server=….
func Phone() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", asset("phone/index.html"))
	for _, name := range matching("phone/*.js", "phone/*.css", "phone/vendor/*") {
		mux.Handle("GET /"+name, asset(name))
	}
	return protect(phonePolicy, mux)
}

// phonePolicy lets the page talk to its own origin and to this machine: the
// simulator does not know which of its ports Menshen listens on, and no other
// machine is any business of a simulated phone.
const phonePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; " +
	"connect-src 'self' http://127.0.0.1:* http://localhost:*; " +
	"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
