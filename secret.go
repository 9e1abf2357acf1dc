package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"

	"menshen/wechat"
)

// secret is a setting that is never printed. @FILE reads it from a file.
type secret string

// UnmarshalText reads the secret or the file it names.
func (s *secret) UnmarshalText(text []byte) error {
	value, err := readSecret(string(text))
	*s = secret(value)
	return err
}

// Format hides the secret under every verb.
func (s secret) Format(f fmt.State, _ rune) { io.WriteString(f, "[secret]") }

// readSecret returns the value, or what stands in the file after @.
func readSecret(value string) (string, error) {
	path, ok := strings.CutPrefix(value, "@")
	if !ok {
		return value, nil
	}
	b, err := os.ReadFile(path)
	if err != nil { // the path stays unsaid: it may be a secret that begins with @
		return "", fmt.Errorf("the file named after @ cannot be read: %w", errors.Unwrap(err))
	}
	text := strings.TrimSpace(string(b))
	if text == "" {
		return "", errors.New("the file named after @ is empty")
	}
	return text, nil
}

// appSecrets maps AppID to AppSecret.
type appSecrets map[string]string

var appIDForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// UnmarshalText adds one or several APPID=SECRET.
func (a *appSecrets) UnmarshalText(text []byte) error {
	if *a == nil {
		*a = appSecrets{}
	}
	return addPairs(*a, string(text), "an app is written APPID=SECRET", "an app has an empty AppSecret")
}

// addPairs adds one or several APPID=VALUE, separated by ; or by lines. @FILE
// may stand for a value or for the whole list. The complaints do not name the
// app: it may be a secret on the wrong side.
func addPairs(pairs map[string]string, text, malformed, empty string) error {
	list, err := readSecret(text)
	if err != nil {
		return err
	}
	for pair := range strings.FieldsFuncSeq(list, betweenEntries) {
		appID, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || !appIDForm.MatchString(appID) {
			return errors.New(malformed)
		}
		value, err := readSecret(value)
		if err != nil {
			return err
		}
		if value == "" {
			return errors.New(empty)
		}
		pairs[appID] = value
	}
	return nil
}

func betweenEntries(r rune) bool { return r == ';' || r == '\n' }

// Format hides the secrets under every verb.
func (a appSecrets) Format(f fmt.State, _ rune) { io.WriteString(f, "[apps]") }

// pushSettings maps AppID to TOKEN:AESKEY or TOKEN:plain.
type pushSettings map[string]string

// plainPush stands where the EncodingAESKey would.
const plainPush = "plain"

// UnmarshalText adds one or several APPID=TOKEN:AESKEY.
func (p *pushSettings) UnmarshalText(text []byte) error {
	if *p == nil {
		*p = pushSettings{}
	}
	return addPairs(*p, string(text), "message push is written APPID=TOKEN:AESKEY or APPID=TOKEN:plain", "an app has an empty token")
}

// keys returns what verifies and opens the messages of each app.
func (p pushSettings) keys() (map[string]wechat.PushKey, error) {
	keys := map[string]wechat.PushKey{}
	for appID, value := range p {
		key, err := pushKey(appID, value)
		if err != nil {
			// Not named: who swaps the sides has the token where the AppID belongs.
			return nil, fmt.Errorf("--push (MENSHEN_PUSH): %w", err)
		}
		keys[appID] = key
	}
	return keys, nil
}

func pushKey(appID, value string) (wechat.PushKey, error) {
	token, aesKey, _ := strings.Cut(value, ":")
	if aesKey == plainPush {
		return wechat.NewPlainPushKey(appID, token)
	}
	return wechat.NewPushKey(appID, token, aesKey)
}

// Format hides the secrets under every verb.
func (p pushSettings) Format(f fmt.State, _ rune) { io.WriteString(f, "[push]") }

// secretFlags are the flags whose value is or holds a secret, and what says whether it
// stands there in clear.
var secretFlags = map[string]func(value string) bool{
	"--app": inClear, "--admin-key": inClear, "--push": inClear,
	"--store": showsPassword, "--from": showsPassword, "--to": showsPassword,
}

// exposedWarning is what a command says of each of them.
const exposedWarning = "a secret stands on the command line, where every user of this machine can read it; use the environment or @FILE"

// exposedSecrets names the flags that carry a secret in clear on the command
// line, where every user of the machine can read it.
func exposedSecrets(args []string) (exposed []string) {
	for i, arg := range args {
		name, value, joined := strings.Cut(arg, "=")
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		if exposes := secretFlags[name]; exposes != nil && exposes(value) {
			exposed = append(exposed, name)
		}
	}
	return exposed
}

// inClear reports whether a secret stands in the value itself: not all of it,
// nor each app's part of it, is @FILE.
func inClear(value string) bool {
	if strings.HasPrefix(value, "@") {
		return false
	}
	for pair := range strings.FieldsFuncSeq(value, betweenEntries) {
		_, appSecret, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(appSecret, "@") {
			return true
		}
	}
	return false
}

// showsPassword reports whether the password of a database stands in its URL itself.
func showsPassword(value string) bool {
	user, _, _ := strings.Cut(strings.TrimPrefix(value, "mysql://"), "@")
	return strings.HasPrefix(value, "mysql://") && strings.Contains(user, ":")
}

// decodeLocal reads a path or an address. A URL there may have a password in it, which a
// complaint about a path would repeat.
func decodeLocal(ctx *kong.DecodeContext, target reflect.Value) error {
	var value string
	if err := ctx.Scan.PopValueInto("string", &value); err != nil {
		return err
	}
	if strings.Contains(value, "://") {
		return errors.New("a URL stands where a path or an address belongs")
	}
	target.SetString(value)
	return nil
}

// commandForm is what a mistyped command may look like. No secret is so short.
var commandForm = regexp.MustCompile(`^unexpected argument [a-z]{1,12}(,|$)`)

// withoutValues is kong's complaint about the command line, without the values
// that kong repeats: one may be a secret that stands in the wrong place.
func withoutValues(complaint error) error {
	text, source, fromVariable := strings.Cut(complaint.Error(), " (from envar ")
	text, _, _ = strings.Cut(text, " but got ")
	if strings.HasPrefix(text, "unexpected ") && !commandForm.MatchString(text) || strings.HasPrefix(text, "unknown flag ") && strings.Contains(text, "://") {
		return errors.New("an argument stands where none is expected; several apps are several --app")
	}
	if fromVariable {
		variable, _, _ := strings.Cut(source, "=")
		text += " (" + variable + ")"
	}
	return errors.New(text)
}
