package wechattest

import (
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
)

// LoopbackOnly returns nil for a listen address, host:port, that only this
// machine can reach, and ErrInvalid for any other.
func LoopbackOnly(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil || !isLoopback(host) {
		return fmt.Errorf("%w: %q is not a loopback address", ErrInvalid, addr)
	}
	return nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// guard keeps web pages away from the control API: a page elsewhere can make
// a developer's browser send requests to loopback.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !ownHost(r):
			refuse(w, http.StatusForbidden, "reach the simulator by IP address or as localhost")
		case !ownOrigin(r):
			refuse(w, http.StatusForbidden, "the control API is not for pages of another origin")
		case r.Method == http.MethodPost && !isJSON(r):
			refuse(w, http.StatusUnsupportedMediaType, "a POST needs Content-Type: application/json")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// ownHost refuses names, which their owner can point at loopback (DNS
// rebinding); an address is ours when the connection came in by it.
func ownHost(r *http.Request) bool {
	host := (&url.URL{Host: r.Host}).Hostname()
	if isLoopback(host) {
		return true
	}
	asked, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	local, is := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return is && local.AddrPort().Addr().Unmap() == asked.Unmap()
}

// ownOrigin reports whether a request comes from our own page, or from no
// page at all.
func ownOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	return origin == "" || origin == "http://"+r.Host
}

func isJSON(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}
