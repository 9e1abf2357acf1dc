package store

import "time"

// AuditEvent says that something happened, written in the same transaction as
// what it records. It holds no secret, and no personal data but ids, the caller's
// address, and what an administrator wrote as the reason of a block.
//
// Events have an order, that of their ids, in which nothing comes before what it
// followed; At is the time in the id and never runs backwards, even if a clock
// does.
type AuditEvent struct {
	ID        string
	At        time.Time
	Action    string   // one of the Action constants
	Actor     string   // a user's id or the name of a service key; "" when unproven
	UserID    Optional // whom it happened to
	IPAddress Optional
	Detail    Optional
}

// What can happen.
const (
	ActionLogin           = "login"
	ActionLoginRefused    = "login_refused" // of a known identity; the detail says why
	ActionJoin            = "join"          // an identity came to the user who holds its unionid
	ActionMerge           = "merge"         // another user became this one
	ActionLogout          = "logout"        // of one session or all; the detail says which
	ActionRefreshTheft    = "refresh_theft"
	ActionBindPhone       = "bind_phone"
	ActionUnbindPhone     = "unbind_phone"
	ActionPhoneConflict   = "phone_conflict"
	ActionBlock           = "block"
	ActionUnblock         = "unblock"
	ActionSetRole         = "set_role"
	ActionDelete          = "delete"
	ActionPush            = "push"              // WeChat told that a user withdrew something
	ActionScanLoginDenied = "scan_login_denied" // of a web page; the detail is the ticket
)

// ActorWeChat is the actor of what a Withdrawal brings about.
const ActorWeChat = "wechat"

// Actor is who does something, for the audit.
type Actor struct {
	ID        string // a user's id, or the name of a service key; "" when unproven
	IPAddress Optional
}

// AuditFilter says which events are wanted: those that meet every condition that
// is set.
type AuditFilter struct {
	UserID string // whom it happened to, under any id that they have had
	Action string
	At     TimeRange
}

// Empty reports whether the filter lets every event through.
func (f AuditFilter) Empty() bool { return f.UserID == "" && f.Action == "" && !f.At.Bounded() }

// MatchesButUser reports whether the filter lets an event through but for UserID,
// since only the engine knows which ids a user has had.
func (f AuditFilter) MatchesButUser(e AuditEvent) bool {
	return (f.Action == "" || e.Action == f.Action) && f.At.Contains(e.At)
}

// AuditQuery asks for at most Limit events of a filter, newest first, older than
// the event that After names, whether it is still kept or not. An After that is
// no event's id is none.
type AuditQuery struct {
	Filter AuditFilter
	After  string // "" for the newest
	Limit  int    // at least 1
}

// AuditPage is one page of events, newest first.
type AuditPage struct {
	Events      []AuditEvent
	HasNext     bool // older events of the filter
	HasPrevious bool // newer ones
}
