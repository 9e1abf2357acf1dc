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
	"menshen/resolvers"
)

// scanLoginsPerMinute is how many pages of one address may ask for a QR code: an
// office behind one address, not a flood of tickets.
const scanLoginsPerMinute = 60

// newLimits returns the limits that the resolvers know who and what to count for.
func newLimits(s settings, m *meters) resolvers.Limits {
	return resolvers.Limits{
		Refused:    addressLimit(s.LoginFailures, m, "login_failures"),
		ScanLogins: addressLimit(scanLoginsPerMinute, m, "scan_logins"),
		Users:      gate.NewLimit(gate.Rate{PerMinute: s.RateLimitUser, Refused: m.limited("user"), Now: time.Now}),
		Apps:       gate.NewLimit(gate.Rate{PerMinute: s.RateLimitApp, Refused: m.limited("app"), Now: time.Now}),
	}
}

func addressLimit(perMinute int, m *meters, kind string) *gate.Limit {
	return gate.NewLimit(gate.Rate{PerMinute: perMinute, Key: gate.NetworkKey, Refused: m.limited(kind), Now: time.Now})
}

// entrance lets requests in, so many of one address in a minute.
type entrance struct {
	proxies  gate.Proxies
	limit    *gate.Limit
	loggable *gate.Limit // refusals worth a line
	stranger sync.Once
	log      *slog.Logger
}

func newEntrance(s settings, m *meters, log *slog.Logger) *entrance {
	return &entrance{
		proxies:  s.TrustedProxies,
		limit:    addressLimit(s.RateLimit, m, "address"),
		loggable: gate.NewLimit(gate.Rate{PerMinute: 1, Key: gate.NetworkKey, Now: time.Now}),
		log:      log,
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
		e.stranger.Do(func() {
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

// refuse answers 429 (RFC 6585, section 4), to GraphQL clients in their own form.
func (e *entrance) refuse(w http.ResponseWriter, r *http.Request, address string, q gate.Quota) {
	tellQuota(w.Header(), q)
	w.Header().Set("Retry-After", strconv.Itoa(seconds(q.Wait)))
	if e.loggable.Take(address) == 0 {
		e.log.Warn("rate limit reached; said once a minute of one address", "address", address)
	}
	if r.URL.Path != graphqlPath {
		plain(w, http.StatusTooManyRequests, tooManyRequests+"\n")
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusTooManyRequests)
	json.NewEncoder(w).Encode(map[string]any{"errors": gqlerror.List{rateLimited(q.Wait)}}) // an error here means that the client left
}

// operation counts an operation that comes over a WebSocket as the request that it
// would be over HTTP. Its error may leave.
func (e *entrance) operation(ctx context.Context) error {
	if wait := e.limit.Take(noteOf(ctx).IPAddress); wait > 0 {
		return rateLimited(wait)
	}
	return nil
}

func rateLimited(wait time.Duration) *gqlerror.Error {
	return &gqlerror.Error{
		Message:    tooManyRequests,
		Extensions: map[string]any{"code": "RATE_LIMITED", "retryAfter": seconds(wait)},
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
