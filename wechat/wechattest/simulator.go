package wechattest

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"menshen/web"
)

// The app of a simulator that is given none.
const (
	DevAppID     = "wxdev00000000000000"
	DevAppSecret = "dev-secret-of-the-simulator-only"
)

// defaultRotateAfter stands for the minimum rotation period that WeChat's
// documents mention and do not disclose.
const defaultRotateAfter = 10 * time.Minute

// maxOffset bounds how far the clock moves, far inside what time.Time holds.
const maxOffset = 100 * 365 * 24 * time.Hour

// Options are the settings of a [Simulator]. The zero value is ready to use.
type Options struct {
	// Apps maps AppID to AppSecret. Empty: DevAppID with DevAppSecret.
	Apps map[string]string

	// Seed decides every openid, unionid, session_key, code and token.
	Seed uint64

	// Now is the clock, time.Now when nil. Advance moves an offset on top.
	Now func() time.Time

	// RotateAfter is the age at which a session_key is replaced by the next
	// login of its user; a login before that keeps it. Zero: 10 minutes.
	RotateAfter time.Duration
}

// Simulator is a pretend WeChat: an [http.Handler] that is safe for
// concurrent use and has no goroutine of its own. What it remembers lives in
// memory, bounded.
type Simulator struct {
	apps        map[string]string
	seed        seed
	base        func() time.Time
	rotateAfter time.Duration
	control     http.Handler
	page        http.Handler
	url         string

	mu         sync.Mutex
	offset     time.Duration
	serial     uint64               // numbers everything that must never repeat
	names      []string             // of the users, as they came
	users      map[string]struct{}  // the same names
	identities map[string]*identity // by openid
	accounts   map[string]string    // AppID → Open Platform account
	codes      codebook[*loginCode]
	phoneCodes codebook[*phoneCode]
	tokens     map[string]*accessToken // by value
	plain      map[string]*tokenLine   // by AppID: /cgi-bin/token
	stable     map[string]*tokenLine   // by AppID: /cgi-bin/stable_token
	minute     quota
	day        quota
	faults     []Fault
	calls      map[string]int
	recent     []journalEntry
}

// NewSimulator returns a simulator to be served by any HTTP server. Its
// WeChat side needs nothing but a request; a server of its own is [New].
func NewSimulator(o Options) *Simulator {
	s := &Simulator{
		apps:        maps.Clone(o.Apps),
		seed:        newSeed(o.Seed),
		base:        o.Now,
		rotateAfter: o.RotateAfter,
		page:        web.Phone(),
		users:       map[string]struct{}{},
		identities:  map[string]*identity{},
		accounts:    map[string]string{},
		tokens:      map[string]*accessToken{},
		plain:       map[string]*tokenLine{},
		stable:      map[string]*tokenLine{},
		minute:      quota{span: time.Minute},
		day:         quota{span: 24 * time.Hour},
		calls:       map[string]int{},
	}
	if len(s.apps) == 0 {
		s.apps = map[string]string{DevAppID: DevAppSecret}
	}
	if s.base == nil {
		s.base = time.Now
	}
	if s.rotateAfter == 0 {
		s.rotateAfter = defaultRotateAfter
	}
	s.control = s.controlHandler()
	return s
}

// ServeHTTP answers WeChat's own paths, the control API under /sim/ and the
// phone's page. Every answer says in X-Menshen-Simulator that it is not
// WeChat's.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Menshen-Simulator", "not WeChat")
	switch path := r.URL.Path; {
	case path == "/" || strings.HasPrefix(path, "/phone/"):
		s.page.ServeHTTP(w, r)
	case strings.HasPrefix(path, "/sim/"):
		s.control.ServeHTTP(w, r)
	default:
		s.serveWeChat(w, r)
	}
}

// Advance moves the simulator's clock forward, never back. It returns
// ErrInvalid for a step that is not positive or goes beyond a century.
func (s *Simulator) Advance(d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d <= 0 || d > maxOffset-s.offset {
		return fmt.Errorf("%w: the clock moves forward, a century in all", ErrInvalid)
	}
	s.offset += d
	return nil
}

// now is the simulator's time. The caller holds s.mu.
func (s *Simulator) now() time.Time { return s.base().Add(s.offset) }

// next numbers things that must never repeat. The caller holds s.mu.
func (s *Simulator) next() uint64 {
	s.serial++
	return s.serial
}
