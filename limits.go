package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"menshen/gate"
	"menshen/gqlhttp"
	"menshen/resolvers"
)

// scanLoginsPerMinute is how many pages of one address may ask for a QR code: an
// office behind one address, not a flood of tickets.
const scanLoginsPerMinute = 60

// newLimits returns the limits that the resolvers know who and what to count for.
func newLimits(s settings, m *meters) resolvers.Limits {
	return resolvers.Limits{
		LoginFailures: addressLimit(s.LoginFailures, m, "login_failures"),
		ScanLogins:    addressLimit(scanLoginsPerMinute, m, "scan_logins"),
		Users:         gate.NewLimit(gate.Rate{PerMinute: s.RateLimitUser, Refused: m.limited("user"), Now: time.Now}),
		Apps:          gate.NewLimit(gate.Rate{PerMinute: s.RateLimitApp, Refused: m.limited("app"), Now: time.Now}),
	}
}

func addressLimit(perMinute int, m *meters, kind string) *gate.Limit {
	return gate.NewLimit(gate.Rate{PerMinute: perMinute, Key: gate.NetworkKey, Refused: m.limited(kind), Now: time.Now})
}

// entrance lets requests in, so many of one address in a minute.
type entrance struct {
	proxies      gate.Proxies
	limit        *gate.Limit
	bodies       *gate.Room
	noRoom       func()      // counts what bodies refused
	loggable     *gate.Limit // refusals worth a line
	warnStranger sync.Once   // about X-Forwarded-For
	log          *slog.Logger
}

func newEntrance(p parts) *entrance {
	return &entrance{
		proxies:  p.settings.TrustedProxies,
		limit:    addressLimit(p.settings.RateLimit, p.meters, "address"),
		bodies:   p.bodies,
		noRoom:   p.meters.limited("bodies"),
		loggable: gate.NewLimit(gate.Rate{PerMinute: 1, Key: gate.NetworkKey, Now: time.Now}),
		log:      p.log,
	}
}

// admit finds out whose a request is and refuses what is too much, before
// anything is made for it and without a line of its own in the log.
func (e *entrance) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		address := e.addressOf(r)
		if countedPath(r.URL.Path) {
			quota := e.limit.Spend(address)
			if quota.Wait > 0 {
				e.refuse(w, r, address, quota)
				return
			}
			if r.URL.Path == graphqlPath {
				tellQuota(w.Header(), quota)
			}
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), addressKey{}, address)))
	})
}

// countedPath is false for what watches the server, and for WeChat, which sends for
// all users from a few addresses.
func countedPath(path string) bool {
	switch path {
	case "/healthz", "/readyz", "/metrics":
		return false
	}
	return !strings.HasPrefix(path, "/wechat/push/")
}

// addressOf returns the address of a request's client.
func (e *entrance) addressOf(r *http.Request) string {
	peer, forwarded := gate.PeerOf(r.RemoteAddr), r.Header.Values("X-Forwarded-For")
	if len(forwarded) > 0 && !e.proxies.Trusts(peer) {
		e.warnStranger.Do(func() {
			e.log.Warn("X-Forwarded-For from an address that is not in --trusted-proxies is ignored, now and later", "address", peer)
		})
	}
	return textOf(e.proxies.Client(peer, forwarded))
}

// textOf is "" for no address.
func textOf(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}

type addressKey struct{}

// clientOf returns the address that admit has found, "" without one.
func clientOf(ctx context.Context) string {
	address, _ := ctx.Value(addressKey{}).(string)
	return address
}

// tooManyRequests is what a person reads.
const tooManyRequests = "Too many requests. Wait before trying again."

// refuse answers 429 (RFC 6585, section 4).
func (e *entrance) refuse(w http.ResponseWriter, r *http.Request, address string, q gate.Quota) {
	tellQuota(w.Header(), q)
	if e.loggable.Take(address) == 0 {
		e.log.Warn("rate limit reached; said once a minute of one address", "address", address)
	}
	turnAway(w, r, http.StatusTooManyRequests, tooManyRequests, q.Wait)
}

// turnAway answers a request that does not come in, GraphQL clients in their own form.
func turnAway(w http.ResponseWriter, r *http.Request, status int, message string, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(seconds(wait)))
	if r.URL.Path != graphqlPath {
		plain(w, status, message+"\n")
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"errors": gqlerror.List{rateLimited(message, wait)}}) // an error here means that the client left
}

// operation counts an operation that comes over a WebSocket as the request that it
// would be over HTTP. Its error may leave.
func (e *entrance) operation(ctx context.Context) error {
	if wait := e.limit.Take(noteOf(ctx).IPAddress); wait > 0 {
		return rateLimited(tooManyRequests, wait)
	}
	return nil
}

func rateLimited(message string, wait time.Duration) *gqlerror.Error {
	return &gqlerror.Error{
		Message:    message,
		Extensions: map[string]any{"code": gqlhttp.CodeRateLimited, "retryAfter": seconds(wait)},
	}
}

// tellQuota writes the fields of draft-ietf-httpapi-ratelimit-headers-11 (May
// 2026). The effective window t ends when another request is allowed: until then
// the client can use no more than r, which is what the draft asks of it, and it
// is never later than Retry-After.
func tellQuota(h http.Header, q gate.Quota) {
	if q.PerMinute == 0 {
		return
	}
	h.Set("RateLimit-Policy", fmt.Sprintf(`"address";q=%d;w=60`, q.PerMinute))
	h.Set("RateLimit", fmt.Sprintf(`"address";r=%d;t=%d`, q.Remaining, seconds(q.More)))
}

// seconds rounds up: who waits so long has waited long enough.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
