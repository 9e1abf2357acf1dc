package resolvers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"menshen/store"
	"menshen/token"
	"menshen/wechat"
)

var (
	errUnauthenticated = errors.New("resolvers: no login state")
	errForbidden       = errors.New("resolvers: role missing")
	errTooMany         = errors.New("resolvers: too many requests")
	errTooSlow         = errors.New("resolvers: too many fields that take long")
)

// inputError is an argument that breaks a rule.
type inputError struct{ field, rule string }

func (e *inputError) Error() string { return fmt.Sprintf("%s %s.", e.field, e.rule) }

func invalidInput(field, rule string) error { return &inputError{field, rule} }

// Row is one line of the table of errors.
type Row struct {
	Code    string
	Errors  []error // any of these, or one that wraps it
	Message string  // what a person reads; it says what to do
}

const (
	codeBadUserInput = "BAD_USER_INPUT"
	codeInternal     = "INTERNAL"
)

// Table says which error leaves the server with which code and words. The
// first row that fits is taken; the last one fits everything.
var Table = []Row{
	{"UNAUTHENTICATED", []error{errUnauthenticated, token.ErrInvalid, store.ErrSessionEnded, store.ErrRefreshReused},
		"There is no valid login state. Call refreshLogin, or wx.login and login."},
	{"FORBIDDEN", []error{errForbidden},
		"The caller's role does not allow this."},
	{"USER_BLOCKED", []error{store.ErrUserBlocked},
		"An administrator has blocked this user. Tell the user; trying again does not help."},
	{"NOT_FOUND", []error{store.ErrNotFound},
		"What the id names is not there."},
	{"CONFLICT", []error{store.ErrPhoneTaken},
		"Another user holds this phone number. It must be unbound there first."},
	{"CONFLICT", []error{store.ErrScanLoginTaken},
		"Another user scanned this code, or nobody has. Show a new one on the web page."},
	{"RATE_LIMITED", []error{wechat.ErrRateLimited},
		"WeChat asks for fewer calls. Wait before trying again."},
	{"RATE_LIMITED", []error{errTooMany},
		"Too many requests. Wait before trying again."},
	{"QUERY_TOO_COMPLEX", []error{errTooSlow},
		"A request may ask three times for what takes long: a createScanLogin, or the totalCount of a filter. Send the rest in other requests."},
	{"LOGIN_CODE_INVALID", []error{wechat.ErrCodeInvalid},
		"The login code is wrong, expired or used. Call wx.login again."},
	{"LOGIN_BLOCKED", []error{wechat.ErrLoginBlocked},
		"WeChat has blocked this login."},
	{"PHONE_CODE_INVALID", []error{wechat.ErrPhoneCodeInvalid},
		"The phone code is wrong, expired, used, or another user's. Ask for the phone number again."},
	{"SESSION_KEY_STALE", []error{wechat.ErrSessionKeyStale},
		"The data does not open. Call wx.login, then login, and fetch the data again."},
	{"WRONG_APP", []error{wechat.ErrWrongApp},
		"The data was encrypted for another app or another user."},
	{"SIGNATURE_MISMATCH", []error{wechat.ErrSignatureMismatch},
		"rawData and signature do not belong together."},
	{"WECHAT_UNAVAILABLE", []error{wechat.ErrUnavailable},
		"WeChat does not answer. Try again a little later with a new code."},
	{codeBadUserInput, nil, // an inputError, in its own words
		"An argument breaks a rule, which the message tells."},
	{codeInternal, nil,
		"Something went wrong on the server. The request id names the log entry."},
}

// Present turns any error into one code and one safe sentence. What an operator
// must act upon is logged here and nowhere else.
func (r *Resolver) Present(ctx context.Context, err error) *gqlerror.Error {
	out := &gqlerror.Error{Path: graphql.GetPath(ctx), Extensions: map[string]any{}}
	if ready := new(gqlerror.Error); errors.As(err, &ready) {
		if ready.Extensions["code"] != nil { // gqlgen and its transport speak for themselves
			return ready
		}
		out.Locations = ready.Locations
		if inside := ready.Path[min(len(out.Path), len(ready.Path)):]; len(inside) > 0 { // gqlgen's way to name an argument
			err = invalidInput(inside.String(), "is not a value of its type")
		}
	}
	var code string
	out.Message, code = translate(err)
	out.Extensions["code"] = code
	if code == codeInternal {
		out.Extensions["requestId"] = visitOf(ctx).ID
	}
	if failure := new(wechat.Error); errors.As(err, &failure) && failure.Errcode != 0 { // never WeChat's words
		out.Extensions["wechat"] = map[string]any{"errcode": failure.Errcode}
	}
	if wait := retryAfter(err); wait > 0 {
		out.Extensions["retryAfter"] = wait
	}
	if errors.Is(err, store.ErrUnavailable) {
		out.Err = store.ErrUnavailable // for the transport, which chooses the status
	}
	if input := new(inputError); errors.As(err, &input) {
		out.Extensions["field"] = input.field
	}
	r.log(ctx, code, out.Path, err)
	return out
}

// log notes what is not the client's doing.
func (r *Resolver) log(ctx context.Context, code string, path ast.Path, err error) {
	level := slog.LevelError
	switch {
	case errors.Is(err, context.Canceled): // nobody waits for the answer
		level = slog.LevelDebug
	case errors.Is(err, wechat.ErrUnavailable):
		level = slog.LevelWarn
	case code != codeInternal:
		return
	}
	r.Log.Log(ctx, level, "field failed", "requestId", visitOf(ctx).ID, "path", path.String(), "code", code, "error", err)
}

func translate(err error) (message, code string) {
	if input := new(inputError); errors.As(err, &input) {
		return input.Error(), codeBadUserInput
	}
	for _, row := range Table {
		for _, sentinel := range row.Errors {
			if errors.Is(err, sentinel) {
				return row.Message, row.Code
			}
		}
	}
	last := Table[len(Table)-1]
	return last.Message, last.Code
}

// retryUnavailable is how long to wait for a store that cannot work, in seconds. The
// store has looked for a server for six already: whoever asks again after one is within
// store.RefreshGrace of the first attempt, which may have landed without an answer, and
// does not look like a thief.
const retryUnavailable = 1

// retryAfter is how long to wait after a limit, ours or WeChat's, or for the store, in
// whole seconds.
func retryAfter(err error) int {
	var limited interface{ RetryAfter() time.Duration }
	switch {
	case errors.As(err, &limited):
		return int(math.Ceil(limited.RetryAfter().Seconds()))
	case errors.Is(err, store.ErrUnavailable):
		return retryUnavailable
	}
	return 0
}

// Recover turns a panic into an error that Present calls INTERNAL.
func (r *Resolver) Recover(_ context.Context, panicked any) error {
	return fmt.Errorf("resolvers: panic: %v\n%s", panicked, debug.Stack())
}
