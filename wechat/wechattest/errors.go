package wechattest

import "errors"

// What the methods that play the phone, and the control API, may refuse.
var (
	// ErrUnknownApp is returned for an AppID that is not in Options.Apps.
	ErrUnknownApp = errors.New("wechattest: unknown app")
	// ErrNoSession is returned for data of a user without a live session_key:
	// the phone has not called wx.login, or three days ago.
	ErrNoSession = errors.New("wechattest: no live session_key")
	// ErrInvalid is returned for an argument that breaks a rule.
	ErrInvalid = errors.New("wechattest: invalid request")
	// ErrFull is returned when a bound of the simulator's memory is reached.
	ErrFull = errors.New("wechattest: full")
	// ErrUndelivered is returned when a push event reached nobody.
	ErrUndelivered = errors.New("wechattest: push not delivered")
)
