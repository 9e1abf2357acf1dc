package store

import (
	"crypto/subtle"
	"time"
)

// ScanLoginLife is how long a ticket may be claimed, answered and redeemed.
const ScanLoginLife = 5 * time.Minute

// ScanLoginKept is how long after that a ticket still tells what became of it.
const ScanLoginKept = 5 * time.Minute

// ScanLogin is a ticket with which a person signs in on a web page: the page
// opens it, the mini program claims and answers it, the page redeems it. It is
// worth nothing without its secret, which the page alone has. It names no user but
// by the session that claimed it, and is gone when that session is.
type ScanLogin struct {
	ID         string
	AppID      string   // the mini program that may claim it
	SecretHash [32]byte // SHA-256 of the secret
	Status     ScanLoginStatus
	CreatedAt  time.Time
	ExpiresAt  time.Time
	IPAddress  Optional // of the web page
	UserAgent  Optional // of the web page; at most MaxUserAgent bytes
	SessionID  string   // that claimed it; "" until then
}

// HasSecret reports in constant time whether a hash is that of the ticket's secret.
func (l ScanLogin) HasSecret(hash [32]byte) bool {
	return subtle.ConstantTimeCompare(l.SecretHash[:], hash[:]) == 1
}

// ScanLoginStatus is how far a ticket is.
type ScanLoginStatus string

// The states of a ticket. What is neither denied nor redeemed in time expires.
const (
	ScanLoginPending  ScanLoginStatus = "PENDING"
	ScanLoginScanned  ScanLoginStatus = "SCANNED"
	ScanLoginApproved ScanLoginStatus = "APPROVED"
	ScanLoginDenied   ScanLoginStatus = "DENIED"
	ScanLoginRedeemed ScanLoginStatus = "REDEEMED"
	ScanLoginExpired  ScanLoginStatus = "EXPIRED"
)

// Done reports whether nothing more can happen to the ticket.
func (s ScanLoginStatus) Done() bool {
	return s == ScanLoginDenied || s == ScanLoginRedeemed || s == ScanLoginExpired
}

// At is the ticket as it is at the instant now: expired when its time is over, or
// lies ahead by more than its life. The clock was set back then, and the ticket
// would live for as long again.
func (l ScanLogin) At(now time.Time) ScanLogin {
	over := !now.Before(l.ExpiresAt) || l.CreatedAt.Sub(now) > ScanLoginLife
	if !l.Status.Done() && over {
		l.Status = ScanLoginExpired
	}
	return l
}

// Answered is the ticket after the user who claimed it has approved or denied it.
// What was approved may be denied; nothing else that was decided changes.
func (l ScanLogin) Answered(approve bool) ScanLogin {
	switch {
	case approve && l.Status == ScanLoginScanned:
		l.Status = ScanLoginApproved
	case !approve && (l.Status == ScanLoginScanned || l.Status == ScanLoginApproved):
		l.Status = ScanLoginDenied
	}
	return l
}

// OpenScanLogin is a ticket on its way into the store.
type OpenScanLogin struct {
	AppID      string
	SecretHash [32]byte // SHA-256 of the secret
	IPAddress  Optional
	UserAgent  Optional
}

// RedeemScanLogin is a web page's attempt to log in with its ticket. The caller
// has made SessionID with NewID, so that its refresh token could be derived
// first, as for Login. UserAgent and IPAddress become the session's.
type RedeemScanLogin struct {
	ID         string
	SecretHash [32]byte
	SessionID  string
	Refresh    RefreshToken
	UserAgent  Optional
	IPAddress  Optional
}
