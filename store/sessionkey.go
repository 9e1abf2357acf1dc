package store

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"
)

// SessionKey is a session_key that WeChat gave for an identity. It does not
// print.
type SessionKey struct {
	Text    string    // as WeChat wrote it: base64 of 16 bytes
	GivenAt time.Time // when WeChat's answer came
}

// String hides the key: it is "[session_key]".
func (k SessionKey) String() string { return "[session_key]" }

// Format hides the key under every verb of fmt.
func (k SessionKey) Format(s fmt.State, _ rune) { io.WriteString(s, k.String()) }

// LogValue hides the key from log/slog.
func (k SessionKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText hides the key from encoding/json and its like.
func (k SessionKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

const (
	// maxSessionKeys is the current key and two earlier ones.
	maxSessionKeys = 3
	// SessionKeyMemory is how long an earlier key is kept after it was replaced.
	SessionKeyMemory = 72 * time.Hour
)

// RememberSessionKey returns keys, newest first, with fresh in its place by
// the time of WeChat's answer: two logins may finish out of order. The newest,
// given again, stays as it is; an earlier one, given again, is the newest.
func RememberSessionKey(keys []SessionKey, fresh SessionKey, now time.Time) []SessionKey {
	keys = slices.Clone(keys)
	for i := range keys {
		if keys[i].GivenAt.After(now) { // by a clock that has been set back since
			keys[i].GivenAt = fresh.GivenAt
		}
	}
	known := slices.IndexFunc(keys, func(k SessionKey) bool { return k.Text == fresh.Text })
	if known == 0 || known > 0 && !fresh.GivenAt.After(keys[0].GivenAt) {
		return LiveSessionKeys(keys, now)
	}
	if known > 0 {
		keys = slices.Delete(keys, known, known+1)
	}
	older := slices.IndexFunc(keys, func(k SessionKey) bool { return !k.GivenAt.After(fresh.GivenAt) })
	if older < 0 {
		older = len(keys)
	}
	return LiveSessionKeys(slices.Insert(keys, older, fresh), now)
}

// LiveSessionKeys returns those of keys, newest first, that may still be used:
// the newest for ever, and at most two earlier ones, each for 72 hours after
// the next one replaced it.
func LiveSessionKeys(keys []SessionKey, now time.Time) []SessionKey {
	for i := 1; i < len(keys); i++ {
		replacedAt := keys[i-1].GivenAt
		if i == maxSessionKeys || now.Sub(replacedAt) > SessionKeyMemory {
			return keys[:i]
		}
	}
	return keys
}
