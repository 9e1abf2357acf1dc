package store

import "time"

// MessageMemory is how long a Withdrawal's message is remembered at least. WeChat
// sends a message again that was not answered within five seconds, three times in
// all (its page on message push); one that was made more than a day ago is refused
// before it comes here.
const MessageMemory = 48 * time.Hour

// Withdrawal is a message in which WeChat tells that a user has taken back what
// they had shown to a mini program, or that WeChat has.
//
// The audit notes every message as ActionPush, and what it brought about as if
// ActorWeChat had asked for it.
type Withdrawal struct {
	MessageID [32]byte // names the message; what is remembered for MessageMemory
	AppID     string
	OpenID    string   // "" when WeChat left it out
	UnionID   Optional // asked when the OpenID names nobody
	NickName  bool     // what is to be erased
	Avatar    bool
	Phone     bool
	Account   bool     // the user and everything about them, in all apps: the WeChat account is closed
	Detail    Optional // the message in words, for the audit: no OpenID and no personal data
}

// Erase returns the user without what was withdrawn, Account apart.
func (w Withdrawal) Erase(u User, now time.Time) User {
	var unknown Optional
	var change ProfileChange
	if w.NickName {
		change.NickName = &unknown
	}
	if w.Avatar {
		change.AvatarURL = &unknown
	}
	if change != (ProfileChange{}) {
		u.Profile = change.Apply(u.Profile, now)
	}
	if w.Phone {
		u.Phone = nil
	}
	return u
}
