package web

import "net/http"

// Phone serves the simulator's phone page: /, /phone.js and /phone.css. The
// page plays a user's phone through the control API under /sim/ of the same
// origin, and reaches nothing else.
func Phone() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", asset("phone/index.html"))
	mux.Handle("GET /phone.js", asset("phone/phone.js"))
	mux.Handle("GET /phone.css", asset("phone/phone.css"))
	return protect(phonePolicy, mux)
}

const phonePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
