package resolvers_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"menshen/gate"
	"menshen/resolvers"
	"menshen/store"
	"menshen/store/seal"
	"menshen/store/transfer"
	"menshen/token"
	"menshen/wechat"
	"menshen/wechat/wechattest"
)

// sentinel is an error that a layer below may end in and the code it leaves
// with; one that is INTERNAL says why.
type sentinel struct {
	err     error
	code    string
	because string
}

var sentinels = map[string]sentinel{
	"token.ErrInvalid":            {err: token.ErrInvalid, code: "UNAUTHENTICATED"},
	"token.ErrExpired":            {err: token.ErrExpired, code: "UNAUTHENTICATED"},
	"token.ErrUnknownKey":         {err: token.ErrUnknownKey, code: "UNAUTHENTICATED"},
	"token.ErrKeySet":             {token.ErrKeySet, "INTERNAL", "the operator mends the key set"},
	"store.ErrNotFound":           {err: store.ErrNotFound, code: "NOT_FOUND"},
	"store.ErrSessionEnded":       {err: store.ErrSessionEnded, code: "UNAUTHENTICATED"},
	"store.ErrRefreshReused":      {err: store.ErrRefreshReused, code: "UNAUTHENTICATED"},
	"store.ErrUserBlocked":        {err: store.ErrUserBlocked, code: "USER_BLOCKED"},
	"store.ErrPhoneTaken":         {err: store.ErrPhoneTaken, code: "CONFLICT"},
	"store.ErrScanLoginTaken":     {err: store.ErrScanLoginTaken, code: "CONFLICT"},
	"store.ErrInUse":              {store.ErrInUse, "INTERNAL", "the operator runs one server too many"},
	"store.ErrNewer":              {store.ErrNewer, "INTERNAL", "the operator runs an old server"},
	"store.ErrDamaged":            {store.ErrDamaged, "INTERNAL", "the operator mends the store"},
	"store.ErrNoStore":            {store.ErrNoStore, "INTERNAL", "it ends a command"},
	"store.ErrNotEmpty":           {store.ErrNotEmpty, "INTERNAL", "it ends a command, before anything is copied"},
	"store.ErrUnfinished":         {store.ErrUnfinished, "INTERNAL", "it ends a start, before there is a request"},
	"transfer.ErrDiffers":         {transfer.ErrDiffers, "INTERNAL", "it ends a command"},
	"store.ErrUnavailable":        {store.ErrUnavailable, "INTERNAL", "the status says so: the client tries again"},
	"seal.ErrNoKeyFile":           {seal.ErrNoKeyFile, "INTERNAL", "the operator finds the key file"},
	"seal.ErrBadKeyFile":          {seal.ErrBadKeyFile, "INTERNAL", "the operator finds the key file"},
	"seal.ErrWrongKey":            {seal.ErrWrongKey, "INTERNAL", "the operator finds the key file"},
	"seal.ErrOpen":                {seal.ErrOpen, "INTERNAL", "the operator mends the store"},
	"gate.ErrLongHead":            {gate.ErrLongHead, "INTERNAL", "it ends a connection, before there is a request"},
	"wechat.ErrCodeInvalid":       {err: wechat.ErrCodeInvalid, code: "LOGIN_CODE_INVALID"},
	"wechat.ErrLoginBlocked":      {err: wechat.ErrLoginBlocked, code: "LOGIN_BLOCKED"},
	"wechat.ErrRateLimited":       {err: wechat.ErrRateLimited, code: "RATE_LIMITED"},
	"wechat.ErrUnavailable":       {err: wechat.ErrUnavailable, code: "WECHAT_UNAVAILABLE"},
	"wechat.ErrSessionKeyStale":   {err: wechat.ErrSessionKeyStale, code: "SESSION_KEY_STALE"},
	"wechat.ErrWrongApp":          {err: wechat.ErrWrongApp, code: "WRONG_APP"},
	"wechat.ErrSignatureMismatch": {err: wechat.ErrSignatureMismatch, code: "SIGNATURE_MISMATCH"},
	"wechat.ErrPhoneCodeInvalid":  {err: wechat.ErrPhoneCodeInvalid, code: "PHONE_CODE_INVALID"},
	"wechat.ErrTextUnchecked":     {wechat.ErrTextUnchecked, "INTERNAL", "as a nickname that is not kept it has become BAD_USER_INPUT before"},
	"wechat.ErrPushRefused":       {wechat.ErrPushRefused, "INTERNAL", "no field takes a push message"},
	"wechat.ErrConfiguration":     {wechat.ErrConfiguration, "INTERNAL", "the operator mends the settings at WeChat"},
	"wechat.ErrUnknownApp":        {wechat.ErrUnknownApp, "INTERNAL", "the operator removed the app of a live session; a login's appId has been checked before"},
	"wechat.ErrMalformed":         {wechat.ErrMalformed, "INTERNAL", "as a FieldError it has become BAD_USER_INPUT before"},
}

func TestEverySentinelHasACode(t *testing.T) {
	listed := slices.Sorted(maps.Keys(sentinels))
	if diff := cmp.Diff(exportedSentinels(t), listed); diff != "" {
		t.Errorf("sentinels without a row (-), rows without a sentinel (+):\n%s", diff)
	}
	s := start(t)
	for name, row := range sentinels {
		s.run(name, func(s *server) {
			r := &resolvers.Resolver{Log: s.log.logger()}
			got := r.Present(s.Context(), fmt.Errorf("operation: %w", row.err))
			if want := messageFor(row.err); got.Extensions["code"] != row.code || got.Message != want {
				s.Errorf("%v %q, want %s %q", got.Extensions["code"], got.Message, row.code, want)
			}
			if (row.code == "INTERNAL") != (row.because != "") {
				s.Error("INTERNAL needs a reason, and nothing else has one")
			}
		})
	}
}

// messageFor is what the table says for a sentinel.
func messageFor(sentinel error) string {
	for _, row := range resolvers.Table {
		if slices.ContainsFunc(row.Errors, func(e error) bool { return errors.Is(sentinel, e) }) {
			return row.Message
		}
	}
	return message("INTERNAL")
}

// message is the first that the table says for a code.
func message(code string) string {
	for _, row := range resolvers.Table {
		if row.Code == code {
			return row.Message
		}
	}
	return ""
}

// exportedSentinels lists the package-level variables Err… of every package of the
// house, sorted. No field ends in an error of what serves tests alone.
func exportedSentinels(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{"testdata", "wechattest", "mysqltest"}, entry.Name()):
			return filepath.SkipDir
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		for _, declaration := range file.Decls {
			for _, variable := range variableNames(declaration) {
				if strings.HasPrefix(variable, "Err") {
					names = append(names, file.Name.Name+"."+variable)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// variableNames are the names that a var declaration declares.
func variableNames(declaration ast.Decl) (names []string) {
	group, is := declaration.(*ast.GenDecl)
	if !is || group.Tok != gotoken.VAR {
		return nil
	}
	for _, spec := range group.Specs {
		for _, name := range spec.(*ast.ValueSpec).Names {
			names = append(names, name.Name)
		}
	}
	return names
}

func TestSentencesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range resolvers.Table {
		if seen[row.Message] || row.Code == "" || !strings.HasSuffix(row.Message, ".") {
			t.Errorf("row %s has no sentence of its own: %q", row.Code, row.Message)
		}
		seen[row.Message] = true
	}
}

func TestWeChatErrcodes(t *testing.T) {
	s := start(t)
	for _, test := range []struct {
		errcode    int
		code       string
		retryAfter int
	}{
		{-1, "WECHAT_UNAVAILABLE", 0},
		{40029, "LOGIN_CODE_INVALID", 0},
		{40163, "LOGIN_CODE_INVALID", 0},
		{40226, "LOGIN_BLOCKED", 0},
		{45009, "RATE_LIMITED", 3600},
		{45011, "RATE_LIMITED", 60},
		{40013, "INTERNAL", 0},
		{40125, "INTERNAL", 0},
		{40164, "INTERNAL", 0},
		{40243, "INTERNAL", 0},
		{41002, "INTERNAL", 0},
		{50007, "INTERNAL", 0},
		{123456, "INTERNAL", 0},
	} {
		s.run(fmt.Sprint(test.errcode), func(s *server) {
			s.need(s.sim.Fault(wechattest.Fault{Path: exchange, ErrCode: test.errcode}))
			got := s.refused(test.code, "", loginDocument, variables{"code": "code-in-no-message"})
			if got.Message != message(test.code) || got.Extensions.RetryAfter != test.retryAfter {
				s.Errorf("message %q, retryAfter %d, want %q, %d", got.Message, got.Extensions.RetryAfter, message(test.code), test.retryAfter)
			}
			if w := got.Extensions.WeChat; w == nil || w.Errcode != test.errcode {
				s.Errorf("extensions.wechat is %v, want %d", w, test.errcode)
			}
			s.logged(got)
		})
	}
}

func TestWeChatWithoutSense(t *testing.T) {
	s := start(t)
	for name, fault := range map[string]wechattest.Fault{
		"a broken gateway":             {Status: http.StatusBadGateway, Body: "<html>canary-of-the-body</html>"},
		"an errcode with status 500":   {Status: http.StatusInternalServerError, ErrCode: 40029},
		"not JSON":                     {Body: "canary-of-the-body"},
		"a list":                       {Body: "[]"},
		"no openid":                    {Body: `{"session_key":"bWVuc2hlbi10ZXN0LWstMQ=="}`},
		"no session_key":               {Body: `{"openid":"canary-of-the-body"}`},
		"a session_key of 15 bytes":    {Body: `{"openid":"o","session_key":"bWVuc2hlbi10ZXN0LWst"}`},
		"a connection that is cut off": {Reset: true},
	} {
		s.run(name, func(s *server) {
			fault.Path = exchange
			s.need(s.sim.Fault(fault))
			got := s.refused("WECHAT_UNAVAILABLE", "", loginDocument, variables{"code": s.code("mei")})
			if got.Extensions.WeChat != nil || strings.Contains(got.Message, "canary") {
				s.Errorf("%+v, want nothing of WeChat's", got)
			}
			s.logged(got)
		})
	}
}

// logged checks that an error is in the log if an operator must act upon it,
// and only then.
func (s *server) logged(e apiError) {
	s.Helper()
	var levels []string
	for _, entry := range s.log.take(s.T) {
		levels = append(levels, entry.Level)
		if entry.Code != e.Extensions.Code || entry.RequestID == "" {
			s.Errorf("log entry %+v of %+v", entry, e)
		}
		if e.Extensions.RequestID != "" && entry.RequestID != e.Extensions.RequestID {
			s.Errorf("request id %s, in the log %s", e.Extensions.RequestID, entry.RequestID)
		}
	}
	want := map[string][]string{"INTERNAL": {"ERROR"}, "WECHAT_UNAVAILABLE": {"WARN"}}[e.Extensions.Code]
	if diff := cmp.Diff(want, levels); diff != "" {
		s.Errorf("levels of the log entries for %s (-want +got):\n%s", e.Extensions.Code, diff)
	}
	if internal := e.Extensions.Code == "INTERNAL"; internal != (e.Extensions.RequestID != "") {
		s.Errorf("%s has the request id %q", e.Extensions.Code, e.Extensions.RequestID)
	}
}

func TestPanicsAreInternal(t *testing.T) {
	s := start(t, func(o *options) { o.resolver = func(r *resolvers.Resolver) { r.Store = nil } })
	bearer := s.bearer("usr_x", "ses_x")
	for name, test := range map[string]struct {
		bearer, document string
		v                variables
	}{
		"in a field":             {bearer, `{ me { id } }`, nil},
		"in a login, which runs": {"", loginDocument, variables{"code": s.code("mei")}},
	} {
		s.run(name, func(s *server) {
			got := s.refused("INTERNAL", test.bearer, test.document, test.v)
			if got.Message != message("INTERNAL") {
				s.Errorf("message %q", got.Message)
			}
			s.logged(got)
		})
	}
}

func TestAStoreThatFails(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	s.need(s.store.Close())
	for _, document := range []string{meDocument, logoutDocument} {
		s.logged(s.refused("INTERNAL", in.AccessToken, document, nil))
	}
	s.logged(s.refused("INTERNAL", "", refreshDocument, variables{"token": in.RefreshToken}))
	s.logged(s.refused("INTERNAL", "", loginDocument, variables{"code": s.code("mei")}))
}

func TestNobodyWaitsForTheAnswer(t *testing.T) {
	s := start(t)
	r := &resolvers.Resolver{Log: s.log.logger()}
	got := r.Present(t.Context(), fmt.Errorf("operation: %w", context.Canceled))
	if code := got.Extensions["code"]; code != "INTERNAL" {
		t.Errorf("code %v, want INTERNAL", code)
	}
	entries := s.log.take(t)
	if len(entries) != 1 || entries[0].Level != "DEBUG" {
		t.Errorf("log entries %+v, want one at DEBUG", entries)
	}
}

func TestJoinedErrorsFindTheirRow(t *testing.T) {
	s := start(t)
	r := &resolvers.Resolver{Log: s.log.logger()}
	got := r.Present(t.Context(), errors.Join(nil, wechat.ErrWrongApp))
	if code := got.Extensions["code"]; code != "WRONG_APP" {
		t.Errorf("code %v, want WRONG_APP", code)
	}
}
