package store

import "time"

// Part is one of the kinds of record that a store is made of.
type Part string

// The parts. What follows from them, indexes and counters, is none. The texts are kept
// in half a copy: they must not change.
const (
	PartSecrets     Part = "secrets"
	PartUsers       Part = "users"
	PartSessions    Part = "sessions"
	PartScanLogins  Part = "tickets of scan login"
	PartAuditEvents Part = "audit events"
	PartMessages    Part = "messages"
	PartActivity    Part = "daily figures"
)

// Parts are all parts, in the order in which they are copied: what names a record
// comes behind it.
var Parts = []Part{PartSecrets, PartUsers, PartSessions, PartScanLogins, PartAuditEvents, PartMessages, PartActivity}

// Batch is some records of one part, in the open, in the order of their keys.
type Batch struct {
	Secrets     []KeptSecret
	Users       []KeptUser
	Sessions    []Session
	ScanLogins  []ScanLogin
	AuditEvents []AuditEvent
	Messages    []KeptMessage
	Activity    []AppActivity

	Last []byte // the key of the last one
}

// Len is how many records there are.
func (b Batch) Len() int {
	return len(b.Secrets) + len(b.Users) + len(b.Sessions) + len(b.ScanLogins) +
		len(b.AuditEvents) + len(b.Messages) + len(b.Activity)
}

// KeptSecret is what is kept under a name. See Store.Secret.
type KeptSecret struct {
	Name  string
	Value []byte
}

// KeptUser is a user with what is remembered of their identities: the
// session_keys of each, newest first, in the order of the identities.
type KeptUser struct {
	User
	SessionKeys [][]SessionKey
}

// KeptMessage is a Withdrawal's message that is remembered.
type KeptMessage struct {
	ID  [32]byte
	End time.Time // when it may be forgotten
}

// AppActivity is the figures of a day in one app, or in all when AppID is empty.
type AppActivity struct {
	AppID string
	Activity
}
