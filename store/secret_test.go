package store_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"menshen/store"
)

// TestSecretsDoNotPrint prints the records that hold a secret in every way that
// a careless line of code might.
func TestSecretsDoNotPrint(t *testing.T) {
	const secret = "1380013TOPSECRET"
	sessionKey := store.SessionKey{Text: secret, GivenAt: begin}
	phone := store.Phone{Number: secret, PureNumber: secret, CountryCode: secret}
	type wrapped struct {
		Keys  []store.SessionKey
		Phone map[string]store.Phone
	}
	values := map[string]any{
		"a session_key":             sessionKey,
		"a pointer to one":          &sessionKey,
		"session_keys":              []store.SessionKey{sessionKey},
		"a phone number":            phone,
		"a pointer to one of these": &phone,
		"a login":                   store.Login{SessionKey: sessionKey, OpenID: "alice"},
		"a user":                    store.User{ID: "alice", Phone: &phone},
		"what came of a login":      &store.LoggedIn{User: store.User{ID: "alice", Phone: &phone}},
		"a map":                     map[string]any{"phone": &phone, "key": sessionKey},
		"a struct of others":        wrapped{Keys: []store.SessionKey{sessionKey}, Phone: map[string]store.Phone{"a": phone}},
	}
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			for way, text := range printed(t, value) {
				if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) || text == "" {
					t.Errorf("%s: %s", way, text)
				}
			}
		})
	}
}

// printed is a value's text by each way of printing.
func printed(t *testing.T, value any) map[string]string {
	texts := map[string]string{"print": fmt.Sprint(value), "error": fmt.Errorf("wrapped: %v", value).Error()}
	for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X %d %o %t %c %U %5.3v") {
		texts[verb] = fmt.Sprintf(verb, value)
	}
	var text, object bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("message", "value", value, slog.Group("group", "value", value))
	slog.New(slog.NewJSONHandler(&object, nil)).Info("message", "value", value, slog.Group("group", "value", value))
	texts["slog text"], texts["slog json"] = text.String(), object.String()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	texts["json"] = string(encoded)
	return texts
}

// TestHiddenValuesStillTell says what stands in a secret's place.
func TestHiddenValuesStillTell(t *testing.T) {
	key, phone := store.SessionKey{Text: "secret"}, store.Phone{Number: "secret"}
	if got := fmt.Sprintf("%v %+v %s", key, &phone, phone); got != "[session_key] [phone number] [phone number]" {
		t.Errorf("printed %q", got)
	}
}
