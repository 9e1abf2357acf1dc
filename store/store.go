// Package store says what Menshen remembers: the records, the verbs that
// change them, and the errors they end in. The engines below it
// (store/bolt, store/mysql) keep the records; store/storetest is the law that every
// engine obeys.
//
// Each verb is one whole transaction in the words of the business (Login,
// Refresh, EndSession), never a pair of read and write that a caller would
// have to lock around. The few that may be long (DeleteUser, Withdraw,
// PruneSealing) take several, and may be asked again after a failure. A verb
// that changes something returns only when the change is durable: it survives
// the death of the process and of the machine.
//
// Times are UTC and kept to the millisecond. Sessions expire at the instant
// ExpiresAt: at that instant they are already dead.
package store

import (
	"context"
	"time"
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
	// AuditRetention is how long audit events are kept. Required.
	AuditRetention time.Duration
	// TimeZone is where the days of Activity begin and end; nil means UTC.
	TimeZone *time.Location
	// Observe, if set, is told about every transaction: the verb and how long it
	// took.
	Observe func(verb string, elapsed time.Duration)
	// Unfinished lets a store be opened that is half a copy, which otherwise is
	// ErrUnfinished. See Transferable.
	Unfinished bool
	// Existing lets no store be made: where there is none, opening it is ErrNoStore.
	Existing bool
}

// Store is what an engine does. Its methods are safe for concurrent use.
// Every method may also return ErrUnavailable, ErrDamaged, or the context's
// error when the context had ended before the work began.
type Store interface {
	// Logins.

	// Login finds or makes the user of an identity, remembers the session_key
	// and begins a session, all in one transaction. See the type Login.
	// ErrUserBlocked when the user is blocked; what is remembered of the identity
	// is durable then too.
	Login(ctx context.Context, in Login) (LoggedIn, error)

	// RefuseLogin remembers the session_key of a login that fails after WeChat
	// has answered: WeChat has rotated the key already. ErrNotFound when the
	// identity is unknown; nothing is made then.
	RefuseLogin(ctx context.Context, in RefusedLogin) error

	// SessionKeys returns the session_keys remembered for an identity, newest
	// first. ErrNotFound when the identity is unknown.
	SessionKeys(ctx context.Context, appID, openID string) ([]SessionKey, error)

	// Sessions.

	// Authenticate returns a live session and its user in one read.
	// ErrSessionEnded when there is no such live session, ErrUserBlocked when a
	// block has ended it and lasts.
	Authenticate(ctx context.Context, sessionID string) (Session, User, error)

	// Refresh exchanges a refresh token for its successor. See the type Refresh.
	// ErrSessionEnded, ErrRefreshReused, ErrUserBlocked.
	Refresh(ctx context.Context, in Refresh) (Session, User, error)

	// EndSession ends one session of a user. ErrNotFound when the user has no
	// such live session.
	EndSession(ctx context.Context, userID, sessionID string, by Actor) error

	// EndSessions ends all sessions of a user and returns how many were live;
	// none when the user is unknown.
	EndSessions(ctx context.Context, userID string, by Actor) (int, error)

	// Session returns a live session. ErrNotFound.
	Session(ctx context.Context, id string) (Session, error)

	// Sessions returns the live sessions of a user, newest first; none when
	// the user is unknown.
	Sessions(ctx context.Context, userID string) ([]Session, error)

	// CountSessions counts the sessions that are neither ended nor swept.
	CountSessions(ctx context.Context) (int, error)

	// OldestSession returns when the oldest of the sessions that are kept began;
	// the zero time when there is none.
	OldestSession(ctx context.Context) (time.Time, error)

	// Scan login. A ticket comes back as it is at that instant (ScanLogin.At). One
	// that is gone is ErrNotFound: unknown, swept, or claimed by a session that has
	// ended since. One whose session a block has ended stays while the block lasts,
	// for the page to learn of it.

	// OpenScanLogin keeps a new ticket.
	OpenScanLogin(ctx context.Context, in OpenScanLogin) (ScanLogin, error)

	// ScanLogin returns a ticket. ErrNotFound.
	ScanLogin(ctx context.Context, id string) (ScanLogin, error)

	// ClaimScanLogin notes that the user of a live session has scanned a ticket. It
	// changes nothing when that user claimed it before, or when the ticket is done;
	// one that expired unclaimed comes back without the page's address and user
	// agent, which are for nobody but the one who claimed. ErrNotFound, also when the
	// ticket is another app's than the session; ErrScanLoginTaken when another user
	// claimed it; ErrSessionEnded, ErrUserBlocked.
	ClaimScanLogin(ctx context.Context, id, sessionID string) (ScanLogin, error)

	// AnswerScanLogin approves or denies a ticket for the user who claimed it. What
	// was approved may be denied until it is redeemed; nothing else that was decided
	// changes. A denial is audited. ErrNotFound, also when the ticket is another app's
	// than the session; ErrScanLoginTaken when this user has not claimed it;
	// ErrSessionEnded, ErrUserBlocked.
	AnswerScanLogin(ctx context.Context, id, sessionID string, approve bool, by Actor) (ScanLogin, error)

	// RedeemScanLogin begins a session of the user who approved, in the app and with
	// the OpenID of the session that claimed, once: it counts as a login, and the
	// audit names the ticket and the session that claimed it. When there is nothing to redeem LoggedIn is nil and the
	// ticket tells why. ErrNotFound, also for a wrong secret; ErrUserBlocked.
	RedeemScanLogin(ctx context.Context, in RedeemScanLogin) (ScanLogin, *LoggedIn, error)

	// Users.

	// User returns the user with an id, or the one that the user with this id
	// has become. ErrNotFound.
	User(ctx context.Context, id string) (User, error)

	// UserByIdentity returns the user of an identity. ErrNotFound.
	UserByIdentity(ctx context.Context, appID, openID string) (User, error)

	// UserByUnionID returns the user who holds a unionid. ErrNotFound.
	UserByUnionID(ctx context.Context, unionID string) (User, error)

	// UserByPhone returns the user who holds a number. ErrNotFound.
	UserByPhone(ctx context.Context, phone Phone) (User, error)

	// Users returns one page of the directory. See the type UserQuery.
	Users(ctx context.Context, q UserQuery) (UserPage, error)

	// CountUsers counts the users that a filter lets through. The count is exact
	// where a counter is kept (UserFilter.Counted) and whenever it is at most
	// CountLimit; otherwise exact is false.
	CountUsers(ctx context.Context, f UserFilter) (n int, exact bool, err error)

	// KeepProfile merges a profile from open data into the user's, as
	// Profile.Merge says. ErrNotFound when the user is unknown.
	KeepProfile(ctx context.Context, userID string, profile Profile) (User, error)

	// UpdateProfile sets what the user typed or chose, as ProfileChange.Apply
	// says. ErrNotFound when the user is unknown.
	UpdateProfile(ctx context.Context, userID string, change ProfileChange) (User, error)

	// BindPhone gives the user a phone number; one that they hold changes
	// nothing. ErrPhoneTaken when another user holds the same number
	// (Phone.Canonical), which the audit notes; ErrNotFound when the user is
	// unknown.
	BindPhone(ctx context.Context, userID string, phone Phone, by Actor) (User, error)

	// UnbindPhone takes the user's phone number away, if there is one.
	// ErrNotFound when the user is unknown.
	UnbindPhone(ctx context.Context, userID string, by Actor) (User, error)

	// Administration.

	// Block refuses the user's logins and ends their sessions for good. A user
	// who is blocked already gets the new reason. ErrNotFound.
	Block(ctx context.Context, userID, reason string, by Actor) (User, error)

	// Unblock lets a blocked user log in again; ended sessions stay ended.
	// ErrNotFound when the user is unknown.
	Unblock(ctx context.Context, userID string, by Actor) (User, error)

	// SetRole gives the user a role, from the next request on. ErrNotFound.
	SetRole(ctx context.Context, userID string, role Role, by Actor) (User, error)

	// DeleteUser erases the user and returns their id. No record and no index
	// holds their personal data when it returns: identities, session_keys,
	// sessions, former ids, and the addresses and details in audit events about
	// them or by them are gone; that they were deleted stays in the audit, by id.
	// It may take several transactions. When it fails half-way the user is still
	// there, though events about them may have lost address and detail already; it
	// may be asked again. ErrNotFound.
	DeleteUser(ctx context.Context, userID string, by Actor) (id string, err error)

	// Withdraw erases what WeChat says a user has withdrawn, and remembers the
	// message: a second one with its ID does nothing. A user who is unknown is no
	// error. See the type Withdrawal.
	Withdraw(ctx context.Context, w Withdrawal) error

	// Export returns everything held about a user but secrets. ErrNotFound.
	Export(ctx context.Context, userID string) (Export, error)

	// Audit.

	// AuditEvent returns one event. ErrNotFound.
	AuditEvent(ctx context.Context, id string) (AuditEvent, error)

	// AuditEvents returns one page of events, newest first. See the type AuditQuery.
	AuditEvents(ctx context.Context, q AuditQuery) (AuditPage, error)

	// CountAuditEvents counts the events that a filter lets through. The count is
	// exact for an empty filter and whenever it is at most CountLimit; otherwise
	// exact is false.
	CountAuditEvents(ctx context.Context, f AuditFilter) (n int, exact bool, err error)

	// Figures.

	// Activity returns one row for each day from the first to the last, both
	// included, of one app or, when appID is empty, of all.
	Activity(ctx context.Context, from, to Day, appID string) ([]Activity, error)

	// Secrets.

	// Secret returns what is kept under a name as UpdateSecret last left it; nil
	// when there is nothing. It is sealed at rest.
	Secret(ctx context.Context, name string) ([]byte, error)

	// UpdateSecret replaces what is kept under a name by what change makes of it.
	// No other update comes between; change may run more than once and must have
	// no effect but its result. An error of change is returned as it is, and
	// nothing is written.
	UpdateSecret(ctx context.Context, name string, change func(old []byte) ([]byte, error)) error

	// SealingKeys lists the keys that seal secrets at rest.
	SealingKeys(ctx context.Context) ([]SealingKey, error)

	// RotateSealing makes a new sealing key. What is written from then on is
	// sealed with it; what was sealed before still opens.
	RotateSealing(ctx context.Context) error

	// PruneSealing seals everything again with the newest key, in small
	// transactions, and then forgets the older keys. It returns their IDs.
	PruneSealing(ctx context.Context) ([]string, error)

	// Upkeep.

	// Lease gives the work that a name stands for to one of the processes that share
	// the store, for so long by the store's clock. The holder extends it by asking
	// again; to the others held is false until it has ended.
	Lease(ctx context.Context, name string, life time.Duration) (held bool, err error)

	// Sweep removes sessions that have expired, tickets ScanLoginKept after they
	// have, session_keys and messages that are remembered no longer and audit events
	// older than AuditRetention, at most limit of each, and writes down when sessions
	// were last used. It returns the largest of these numbers, also beside ErrDamaged:
	// it passes over what does not read, but for tickets, whose ids say enough.
	Sweep(ctx context.Context, limit int) (int, error)

	// Check walks everything and tells problem, in one sentence without personal
	// data, of each invariant that does not hold. The error is for a walk that
	// could not be finished.
	Check(ctx context.Context, problem func(string)) (Inventory, error)

	// Ping answers nil when the store can read and write.
	Ping(ctx context.Context) error

	// Close waits for the writes under way and lets go of the data. Every
	// call after it returns ErrUnavailable.
	Close() error
}
