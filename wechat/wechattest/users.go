package wechattest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	maxUsers    = 100_000
	maxUserName = 64 // bytes
	// sessionLife is how long a session_key lives after its last use. WeChat
	// keeps the figure to itself; three days is what is commonly observed.
	sessionLife = 72 * time.Hour
)

// identity is a user in one app: what an openid names.
type identity struct {
	appID, user, openID string
	active              time.Time // the phone last did something
	session             *session  // nil before the first login
}

// session is a session_key and its life.
type session struct {
	key        string // base64, as WeChat hands it out
	generation int
	born       time.Time
	expires    time.Time
}

// signed reports whether signature is hex hmac_sha256(session_key, ""). The
// HMAC key is the base64 text of session_key, as in WeChat's own examples.
func (k *session) signed(signature string) bool {
	mac := hmac.New(sha256.New, []byte(k.key))
	return signature == hex.EncodeToString(mac.Sum(nil))
}

// act finds what a user is in an app, makes it on first use, and notes that
// its phone is awake. The caller holds s.mu.
func (s *Simulator) act(appID, user string) (*identity, error) {
	if _, known := s.apps[appID]; !known {
		return nil, fmt.Errorf("%w %q", ErrUnknownApp, cut(appID))
	}
	if err := s.meet(user); err != nil {
		return nil, err
	}
	openID := s.seed.id("openid", appID, user)
	id, known := s.identities[openID]
	if !known {
		id = &identity{appID: appID, user: user, openID: openID}
		s.identities[openID] = id
	}
	id.active = s.now()
	return id, nil
}

// meet takes note of a user's name. The caller holds s.mu.
func (s *Simulator) meet(user string) error {
	if _, known := s.users[user]; known {
		return nil
	}
	if user == "" || len(user) > maxUserName || !utf8.ValidString(user) || containsControl(user) {
		return fmt.Errorf("%w: user is a name of 1 to %d bytes without control characters", ErrInvalid, maxUserName)
	}
	if len(s.users) >= maxUsers {
		return fmt.Errorf("%w: %d users", ErrFull, maxUsers)
	}
	s.users[user] = struct{}{}
	s.names = append(s.names, user)
	return nil
}

func containsControl(text string) bool {
	for _, r := range text {
		if unicode.IsControl(r) {
			return true
		}
	}
	return false
}

// live returns the user's session_key while it lives, else nil.
func (i *identity) live(now time.Time) *session {
	if i.session == nil || !now.Before(i.session.expires) {
		return nil
	}
	return i.session
}

// rotate gives the user a new session_key that ends at expires. The caller
// holds s.mu.
func (s *Simulator) rotate(id *identity, expires time.Time) *session {
	generation := 1
	if id.session != nil {
		generation = id.session.generation + 1
	}
	key := s.seed.bytes(16, "session_key", id.appID, id.user, strconv.Itoa(generation))
	id.session = &session{
		key:        base64.StdEncoding.EncodeToString(key),
		generation: generation,
		born:       s.now(),
		expires:    expires,
	}
	return id.session
}

// unionID is empty until the app is bound to an Open Platform account. The
// caller holds s.mu.
func (s *Simulator) unionID(id *identity) string {
	account, bound := s.accounts[id.appID]
	if !bound {
		return ""
	}
	return s.seed.id("unionid", account, id.user)
}

// Bind puts apps under one Open Platform account: from now on their users
// have a unionid, the same in each. Apps bound earlier bring their whole
// account along. It returns ErrUnknownApp, or ErrInvalid for no app at all.
func (s *Simulator) Bind(appIDs ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(appIDs) == 0 {
		return fmt.Errorf("%w: appIds names at least one app", ErrInvalid)
	}
	for _, id := range appIDs {
		if _, known := s.apps[id]; !known {
			return fmt.Errorf("%w %q", ErrUnknownApp, cut(id))
		}
	}
	members, account := s.united(appIDs)
	for _, id := range members {
		s.accounts[id] = account
	}
	return nil
}

// united lists these apps and all that share an account with one of them, and
// chooses the account: the first that exists, else the first app's name.
func (s *Simulator) united(appIDs []string) (members []string, account string) {
	members = slices.Sorted(slices.Values(appIDs))
	for _, id := range members {
		if existing, bound := s.accounts[id]; bound && (account == "" || existing < account) {
			account = existing
		}
	}
	for id, existing := range s.accounts {
		for _, asked := range appIDs {
			if s.accounts[asked] == existing {
				members = append(members, id)
			}
		}
	}
	if account == "" {
		account = members[0]
	}
	return members, account
}
