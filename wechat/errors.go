package wechat

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"
)

// The classes of a failed call: Error.Class is always one of them. The errcodes
// are those of WeChat's page on each endpoint and those that were seen on it.
var (
	// ErrCodeInvalid is returned when the code is wrong, old or used (40029,
	// 40163), and for one that cannot be a code and is not sent. The mini
	// program calls wx.login again.
	ErrCodeInvalid = errors.New("wechat: login code invalid")

	// ErrLoginBlocked is returned when WeChat holds the user for a risk
	// (40226). Asking again is no use.
	ErrLoginBlocked = errors.New("wechat: login blocked")

	// ErrPhoneCodeInvalid is returned when the code of the phone number button
	// is wrong, old or used (40029, 40163), or belongs to another app (40013) or
	// another user (40003, and 40029 too), and for one that cannot be a code and
	// is not sent. The user presses the button again.
	ErrPhoneCodeInvalid = errors.New("wechat: phone code invalid")

	// ErrTextUnchecked is returned when WeChat does not judge this text of this
	// user: the user was not active in the last two hours (61010) or is not the
	// app's (40003, 43104), or the text is empty or too long (44002, 45002).
	ErrTextUnchecked = errors.New("wechat: text unchecked")

	// ErrRateLimited is returned when a quota of the day (45009) or of the
	// minute (45011, 44991) is spent; Error.RetryAfter says how long to wait.
	ErrRateLimited = errors.New("wechat: rate limited")

	// ErrUnavailable is returned when WeChat is busy (-1), unreachable or too
	// slow, when its answer makes no sense, or when it refuses twice the
	// access_token that it gave (40001, 40014, 42001). The code may be spent:
	// only a new one may be tried.
	ErrUnavailable = errors.New("wechat: unavailable")

	// ErrConfiguration is returned for every other errcode: a wrong AppSecret
	// (40125), an address that is not in the IP whitelist (40164) and the like,
	// which the operator mends, and when the client cannot keep an
	// access_token.
	ErrConfiguration = errors.New("wechat: configuration refused")

	// ErrUnknownApp is returned for an AppID that the client has no secret for.
	// Nothing is sent.
	ErrUnknownApp = errors.New("wechat: unknown app")
)

// Error is the failure of one call. errors.Is finds its Class, and
// context.Canceled or context.DeadlineExceeded when the caller left or the time
// ran out; no other cause is kept, since the text of a lower layer may repeat
// the URL and the AppSecret in it.
type Error struct {
	Endpoint string // such as "jscode2session"
	Errcode  int    // WeChat's errcode, 0 if it gave none
	Class    error

	reason string // one of our own phrases
	cause  error  // nil, context.Canceled or context.DeadlineExceeded
}

// Error names the endpoint, the class, the errcode, and a reason in words of
// this package.
func (e *Error) Error() string {
	text := fmt.Sprintf("wechat: %s: %s", e.Endpoint, strings.TrimPrefix(fmt.Sprint(e.Class), "wechat: "))
	if e.Errcode != 0 {
		text += fmt.Sprintf(" (errcode %d)", e.Errcode)
	}
	if e.reason != "" {
		text += ": " + e.reason
	}
	return text
}

// Unwrap returns the class and, if there is one, the context's error.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Class}
	}
	return []error{e.Class, e.cause}
}

// The errcodes of a spent quota.
const (
	dayQuotaSpent    = 45009
	minuteQuotaSpent = 45011
	textQuotaSpent   = 44991 // of msg_sec_check, in a minute
)

// RetryAfter is how long to wait after a spent quota: a minute after 45011 and
// 44991, an hour after 45009, else 0.
func (e *Error) RetryAfter() time.Duration {
	switch e.Errcode {
	case minuteQuotaSpent, textQuotaSpent:
		return time.Minute
	case dayQuotaSpent:
		return time.Hour
	}
	return 0
}

// tokenRefusals are the errcodes of an access_token that WeChat does not take.
// Without an access_token 40001 is a wrong AppSecret.
var tokenRefusals = []int{40001, 40014, 42001}

func (r apiRequest) classOf(errcode int) error {
	if class, ok := r.classes[errcode]; ok {
		return class
	}
	if r.token != "" && slices.Contains(tokenRefusals, errcode) {
		return ErrUnavailable
	}
	return classOf(errcode)
}

// classOf is the class of an errcode that means the same everywhere.
func classOf(errcode int) error {
	switch errcode {
	case -1:
		return ErrUnavailable
	case dayQuotaSpent, minuteQuotaSpent, textQuotaSpent:
		return ErrRateLimited
	}
	return ErrConfiguration
}

func unavailable(reason string) *Error {
	return &Error{Class: ErrUnavailable, reason: reason}
}

// transportFailure keeps what an operator needs of err and drops err. It asks
// ctx first, because the Transport returns the context's cause, which is the
// caller's and may be any error.
func transportFailure(ctx context.Context, err error) *Error {
	failure := unavailable(transportReason(err))
	var timeout net.Error
	switch {
	case ctx.Err() != nil:
		failure.cause = ctx.Err()
	case errors.As(err, &timeout) && timeout.Timeout():
		failure.cause = context.DeadlineExceeded
	}
	if failure.cause != nil {
		failure.reason = failure.cause.Error()
	}
	return failure
}

func transportReason(err error) string {
	var (
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &name):
		return "host not found"
	case errors.As(err, &certificate):
		return "certificate refused"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	}
	return "connection failed"
}
