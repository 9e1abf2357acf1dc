// Package store says what Menshen remembers: the records, the verbs that
// change them, and the errors they end in. The engines below it (store/bolt)
// keep the records; store/storetest is the law that every engine obeys.
//
// Each verb is one whole transaction in the words of the business (Login,
// Refresh, EndSession), never a pair of read and write that a caller would
// have to lock around. A verb that changes something returns only when the
// change is durable: it survives the death of the process and of the machine.
//
// Times are UTC and kept to the millisecond. Sessions expire at the instant
// ExpiresAt: at that instant they are already dead.
package store

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrNotFound is returned when what an argument names is not there.
	ErrNotFound = errors.New("store: not found")

	// ErrSessionEnded is returned when a session is unknown, expired or ended, and
	// when a refresh token is refused without ending its session; which of them
	// is deliberately not told apart.
	ErrSessionEnded = errors.New("store: session ended")

	// ErrRefreshReused is returned when a refresh token comes back that was
	// exchanged longer than RefreshGrace ago. Somebody else has a copy, so the
	// session has been ended when this error is returned.
	ErrRefreshReused = errors.New("store: refresh token used twice")

	// ErrPhoneTaken is returned when another user holds the phone number.
	ErrPhoneTaken = errors.New("store: phone number held by another user")

	// ErrInUse is returned by an engine whose data another process holds.
	ErrInUse = errors.New("store: in use by another process")

	// ErrNewer is returned when a newer Menshen has written the data.
	ErrNewer = errors.New("store: written by a newer version of menshen")

	// ErrDamaged is returned when the data does not read as it was written: one
	// record, or the whole of it when it is opened.
	ErrDamaged = errors.New("store: damaged")

	// ErrUnavailable is returned when the engine cannot do its work at all: it
	// is closed, or an earlier write failed and nothing after it can be trusted.
	ErrUnavailable = errors.New("store: unavailable")
)

const (
	// RefreshGrace is how long after its use a refresh token still gets the
	// same successor again: an answer may be lost, two tabs may refresh at once.
	RefreshGrace = 10 * time.Second

	// LastUsedAccuracy bounds how far Session.LastUsedAt lags behind the truth.
	LastUsedAccuracy = 5 * time.Minute
)

// Options are what every engine needs to know.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// SessionLife is how long a session lives after its login and after each
	// refresh. Required.
	SessionLife time.Duration
	// MaxSessions is how many live sessions one user may have; a login beyond
	// it ends the oldest. Required, at least 1.
	MaxSessions int
	// Observe, if set, is told about every transaction: the verb and how long it
	// took.
	Observe func(verb string, elapsed time.Duration)
}

// Store is what an engine does. Its methods are safe for concurrent use.
// Every method may also return ErrUnavailable, ErrDamaged, or the context's
// error when the context had ended before the work began.
type Store interface {
	// Login finds or makes the user of an identity, remembers the session_key
	// and begins a session, all in one transaction. See the type Login.
	Login(ctx context.Context, in Login) (LoggedIn, error)

	// KeepSessionKey remembers a session_key without a login: WeChat has
	// rotated it already, even if the login failed. ErrNotFound when the
	// identity is unknown; nothing is made then.
	KeepSessionKey(ctx context.Context, appID, openID string, key SessionKey) error

	// SessionKeys returns the session_keys remembered for an identity, newest
	// first. ErrNotFound when the identity is unknown.
	SessionKeys(ctx context.Context, appID, openID string) ([]SessionKey, error)

	// Authenticate returns a live session and its user in one read.
	// ErrSessionEnded when there is no such live session.
	Authenticate(ctx context.Context, sessionID string) (Session, User, error)

	// Refresh exchanges a refresh token for its successor. See the type Refresh.
	// ErrSessionEnded, ErrRefreshReused.
	Refresh(ctx context.Context, in Refresh) (Session, User, error)

	// EndSession ends one session of a user. ErrNotFound when the user has no
	// such live session.
	EndSession(ctx context.Context, userID, sessionID string, by Actor) error

	// EndSessions ends all sessions of a user and returns how many were live.
	EndSessions(ctx context.Context, userID string, by Actor) (int, error)

	// Session returns a live session. ErrNotFound.
	Session(ctx context.Context, id string) (Session, error)

	// Sessions returns the live sessions of a user, newest first; none when
	// the user is unknown.
	Sessions(ctx context.Context, userID string) ([]Session, error)

	// User returns a user. ErrNotFound.
	User(ctx context.Context, id string) (User, error)

	// KeepProfile merges a profile from open data into the user's, as
	// Profile.Merge says. ErrNotFound when the user is unknown.
	KeepProfile(ctx context.Context, userID string, profile Profile) (User, error)

	// BindPhone gives the user a phone number. ErrPhoneTaken when another user
	// holds the same number (Phone.Canonical), ErrNotFound when the user is
	// unknown.
	BindPhone(ctx context.Context, userID string, phone Phone, by Actor) (User, error)

	// UnbindPhone takes the user's phone number away, if there is one.
	// ErrNotFound when the user is unknown.
	UnbindPhone(ctx context.Context, userID string, by Actor) (User, error)

	// UserByPhone returns the user who holds a number. ErrNotFound.
	UserByPhone(ctx context.Context, phone Phone) (User, error)

	// KeySet returns the keys kept under a name as UpdateKeySet last left
	// them; nil when there are none. They are sealed at rest.
	KeySet(ctx context.Context, name string) ([]byte, error)

	// UpdateKeySet replaces the keys kept under a name by what change makes of
	// them. No other update comes between; change may run more than once and
	// must have no effect but its result. An error of change is returned as it
	// is, and nothing is written.
	UpdateKeySet(ctx context.Context, name string, change func(old []byte) ([]byte, error)) error

	// OldestSession returns when the oldest of the sessions that are kept began;
	// the zero time when there is none.
	OldestSession(ctx context.Context) (time.Time, error)

	// SealingKeys lists the keys that seal secrets at rest.
	SealingKeys(ctx context.Context) ([]SealingKey, error)

	// RotateSealing makes a new sealing key. What is written from then on is
	// sealed with it; what was sealed before still opens.
	RotateSealing(ctx context.Context) error

	// PruneSealing seals everything again with the newest key, in small
	// transactions, and then forgets the older keys. It returns their IDs.
	PruneSealing(ctx context.Context) ([]string, error)

	// Sweep removes sessions that have expired and session_keys that are
	// remembered no longer, at most limit of each, and writes down when sessions
	// were last used. It returns how many it removed, also beside ErrDamaged: it
	// passes over what does not read.
	Sweep(ctx context.Context, limit int) (int, error)

	// LiveSessions counts the sessions that are neither ended nor swept.
	LiveSessions(ctx context.Context) (int, error)

	// AuditEvents returns at most limit events, newest first.
	AuditEvents(ctx context.Context, limit int) ([]AuditEvent, error)

	// Ping answers nil when the store can read and write.
	Ping(ctx context.Context) error

	// Close waits for the writes under way and lets go of the data. Every
	// call after it returns ErrUnavailable.
	Close() error
}

// SealingKey describes a key that seals secrets at rest.
type SealingKey struct {
	ID     string
	Active bool
}
