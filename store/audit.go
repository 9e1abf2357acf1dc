package store

import "time"

// AuditEvent says that something happened, written in the same transaction as
// what it records. It holds no secret and no personal data but ids and the
// caller's address.
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
	ActionLogin         = "login"
	ActionLogout        = "logout" // of one session or all; the detail says which
	ActionRefreshTheft  = "refresh_theft"
	ActionBindPhone     = "bind_phone"
	ActionUnbindPhone   = "unbind_phone"
	ActionPhoneConflict = "phone_conflict"
)

// Actor is who does something, for the audit.
type Actor struct {
	ID        string // a user's id, or the name of a service key; "" when unproven
	IPAddress Optional
}
