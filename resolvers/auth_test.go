package resolvers_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"menshen/graph"
	"menshen/resolvers"
	"menshen/store"
	"menshen/token"
)

// guarded is a root field with @auth: a document that asks for it with
// arguments that are well formed and name nothing.
type guarded struct {
	name, document string
	kind           ast.Operation
	role           string
}

// rootFields sorts the root fields of the schema into open and guarded ones.
func rootFields(t *testing.T) (open []string, closed []guarded) {
	t.Helper()
	schema := graph.NewExecutableSchema((&resolvers.Resolver{}).Config()).Schema()
	roots := map[ast.Operation]*ast.Definition{
		ast.Query: schema.Query, ast.Mutation: schema.Mutation, ast.Subscription: schema.Subscription,
	}
	for kind, root := range roots {
		if root == nil {
			continue
		}
		for _, field := range root.Fields {
			auth := field.Directives.ForName("auth")
			switch {
			case strings.HasPrefix(field.Name, "__"):
			case auth == nil:
				open = append(open, field.Name)
			default:
				role := auth.ArgumentMap(nil)["requires"].(string)
				closed = append(closed, guarded{field.Name, documentFor(schema, kind, field), kind, role})
			}
		}
	}
	return open, closed
}

// documentFor asks for one root field.
func documentFor(schema *ast.Schema, kind ast.Operation, field *ast.FieldDefinition) string {
	var arguments []string
	for _, a := range field.Arguments {
		if a.Type.NonNull && a.DefaultValue == nil {
			arguments = append(arguments, a.Name+": "+literal(schema, a.Type))
		}
	}
	document := string(kind) + " { " + field.Name
	if len(arguments) > 0 {
		document += "(" + strings.Join(arguments, ", ") + ")"
	}
	if schema.Types[field.Type.Name()].IsCompositeType() {
		document += " { __typename }"
	}
	return document + " }"
}

// literal is a value of a type.
func literal(schema *ast.Schema, of *ast.Type) string {
	definition := schema.Types[of.Name()]
	switch {
	case of.Elem != nil:
		return "[]"
	case definition.Kind == ast.Enum:
		return definition.EnumValues[0].Name
	case definition.Kind == ast.InputObject:
		var fields []string
		for _, f := range definition.Fields {
			if f.Type.NonNull {
				fields = append(fields, f.Name+": "+literal(schema, f.Type))
			}
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case of.Name() == "Boolean":
		return "true"
	case of.Name() == "Int":
		return "1"
	case of.Name() == "Date":
		return `"2026-11-21"`
	}
	return `"x"`
}

func TestOpenRootFields(t *testing.T) {
	open, closed := rootFields(t)
	slices.Sort(open)
	if diff := cmp.Diff([]string{"createScanLogin", "login", "redeemScanLogin", "refreshLogin", "scanLogin"}, open); diff != "" {
		t.Errorf("fields that need no login state (-want +got):\n%s", diff)
	}
	if len(closed) == 0 {
		t.Error("no field has @auth")
	}
}

// attempt asks for a guarded field; a subscription, until it has begun.
func (s *server) attempt(field guarded, bearer string) answer {
	s.Helper()
	if field.kind == ast.Subscription {
		return s.listen(bearer, field.document, nil).begun()
	}
	a, err := s.post(s.Context(), bearer, field.document, nil)
	s.need(err)
	return a
}

// TestAuthStandsAtTheRoot holds as long as the tests below look at root fields
// alone.
func TestAuthStandsAtTheRoot(t *testing.T) {
	schema := graph.NewExecutableSchema((&resolvers.Resolver{}).Config()).Schema()
	for name, definition := range schema.Types {
		for _, field := range definition.Fields {
			root := definition == schema.Query || definition == schema.Mutation || definition == schema.Subscription
			if !root && field.Directives.ForName("auth") != nil {
				t.Errorf("%s.%s has @auth, and no test asks for it", name, field.Name)
			}
		}
	}
}

func TestNoLoginState(t *testing.T) {
	s := start(t)
	_, closed := rootFields(t)
	for name, bearer := range worthless(s) {
		s.run(name, func(s *server) {
			for _, field := range closed {
				s.run(field.name, func(s *server) {
					got := s.failure("UNAUTHENTICATED", s.attempt(field, bearer))
					if got.Message != message("UNAUTHENTICATED") {
						s.Errorf("message %q tells more than it should", got.Message)
					}
				})
			}
		})
	}
	if entries := s.log.take(t); len(entries) > 0 {
		t.Errorf("the log has %+v, want nothing: this is the clients' doing", entries)
	}
}

// worthless are bearers that open nothing.
func worthless(s *server) map[string]string {
	expired := s.login("mei")
	s.clock.Advance(accessTTL)
	phone, tablet, other := s.login("mei"), s.login("mei"), s.login("hua")
	ask[struct{}](s, tablet.AccessToken, revokeDocument, variables{"id": phone.User.Sessions[0].ID})
	ended := s.login("mei")
	ask[struct{}](s, ended.AccessToken, logoutDocument, nil)
	session := other.User.Sessions[0].ID
	return map[string]string{
		"no token":                    "",
		"garbage":                     "garbage",
		"a JWT of nobody":             "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c3JfeCJ9.",
		"much garbage":                strings.Repeat("g", 8<<10),
		"bytes that are not text":     "\x80\xff",
		"expired":                     expired.AccessToken,
		"signed with another key":     stranger(s, issuer, other.User.ID, session),
		"revoked elsewhere":           phone.AccessToken,
		"ended":                       ended.AccessToken,
		"another user's session id":   session,
		"a refresh token":             other.RefreshToken,
		"of a session never begun":    s.bearer(other.User.ID, "ses_00000000000000000000000000"),
		"of something not a session":  s.bearer(other.User.ID, other.User.ID),
		"the beginning of the key":    adminKey[:len(adminKey)-1],
		"the key with something more": adminKey + "x",
	}
}

// stranger is a token of another server about a session of this one.
func stranger(s *server, issuer, userID, sessionID string) string {
	s.Helper()
	var keys []byte
	signer, err := token.Open(s.Context(), token.Options{
		Issuer: issuer, Now: s.clock.Now,
		Load: func(context.Context) ([]byte, error) { return keys, nil },
		Update: func(_ context.Context, change func([]byte) ([]byte, error)) (err error) {
			keys, err = change(keys)
			return err
		},
	})
	s.need(err)
	now := s.clock.Now()
	raw, err := signer.Issue(token.Claims{UserID: userID, SessionID: sessionID, AppID: app, IssuedAt: now, ExpiresAt: now.Add(accessTTL)})
	s.need(err)
	return raw
}

func TestTheAdminKey(t *testing.T) {
	s := start(t)
	s.login("mei")
	_, closed := rootFields(t)
	for _, field := range closed {
		s.run(field.name, func(s *server) {
			if field.kind == ast.Mutation && field.role == "USER" { // about the caller, and the key is nobody
				s.failure("FORBIDDEN", s.attempt(field, adminKey))
				return
			}
			a := s.attempt(field, adminKey)
			for _, e := range a.Errors {
				if e.Extensions.Code == "UNAUTHENTICATED" || e.Extensions.Code == "FORBIDDEN" {
					s.Errorf("refused: %s", a.body)
				}
			}
			if field.name == "me" && (string(a.Data["me"]) != "null" || len(a.Errors) > 0) {
				s.Errorf("me of the admin key: %s", a.body)
			}
		})
	}
}

func TestAUserIsNoAdmin(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	_, closed := rootFields(t)
	for _, field := range closed {
		a := s.attempt(field, in.AccessToken)
		forbidden := len(a.Errors) == 1 && a.Errors[0].Extensions.Code == "FORBIDDEN"
		if forbidden != (field.role == "ADMIN") {
			t.Errorf("%s needs %s and answers a user %s", field.name, field.role, a.body)
		}
		in = s.login("mei") // logout may have been among them
	}
}

func TestWithoutAnAdminKeyNobodyIsAdmin(t *testing.T) {
	s := start(t, func(o *options) { o.resolver = func(r *resolvers.Resolver) { r.AdminKey = "" } })
	for _, bearer := range []string{"", adminKey} {
		s.refused("UNAUTHENTICATED", bearer, meDocument, nil)
	}
}

func TestIsAdmin(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	r := &resolvers.Resolver{Store: s.store, Tokens: s.tokens, AdminKey: adminKey}
	for bearer, want := range map[string]bool{"": false, "garbage": false, in.AccessToken: false, adminKey: true} {
		ctx := resolvers.WithRequest(t.Context(), resolvers.Request{Bearer: bearer})
		if got := r.IsAdmin(ctx); got != want {
			t.Errorf("IsAdmin with %.12q: %t, want %t", bearer, got, want)
		}
	}
	if r.IsAdmin(t.Context()) {
		t.Error("a context without a request is an admin's")
	}
}

// TestEachMutationLooksAnew proves that what one field of a document takes from
// its caller is gone for the next one.
func TestEachMutationLooksAnew(t *testing.T) {
	s := start(t)
	for name, test := range map[string]struct{ fields, code string }{
		"logged out":        {`a: logout { endedSessions } b: logout { endedSessions }`, "UNAUTHENTICATED"},
		"deleted":           {`a: deleteMe { id } b: setUserRole(id: ID, role: ADMIN) { user { id } }`, "UNAUTHENTICATED"},
		"blocked":           {`a: blockUser(id: ID, reason: "out") { user { id } } b: unblockUser(id: ID) { user { id } }`, "USER_BLOCKED"},
		"without the role":  {`a: setUserRole(id: ID, role: USER) { user { id } } b: setUserRole(id: ID, role: ADMIN) { user { id } }`, "FORBIDDEN"},
		"in the same group": {`...f } fragment f on Mutation { a: logout { endedSessions } ... { b: logout { endedSessions } }`, "UNAUTHENTICATED"},
	} {
		t.Run(name, func(t *testing.T) {
			in := s.login(name)
			_, err := s.store.SetRole(t.Context(), in.User.ID, store.RoleAdmin, store.Actor{})
			s.need(err)
			a, err := s.post(t.Context(), in.AccessToken, "mutation { "+strings.ReplaceAll(test.fields, "ID", strconv.Quote(in.User.ID))+" }", nil)
			s.need(err)
			if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != test.code || string(a.Data["a"]) == "null" {
				t.Errorf("want the second field alone to end in %s: %s", test.code, a.body)
			}
		})
	}
}
