package bolt

import (
	"context"
	"fmt"
	"strings"
	"time"

	"menshen/store"
)

// identity is what the store keeps of a person in one mini program.
type identity struct {
	user store.RawID
	keys []store.SessionKey // newest first
}

// SessionKeys returns the session_keys remembered for an identity.
func (s *Store) SessionKeys(ctx context.Context, appID, openID string) (keys []store.SessionKey, err error) {
	err = s.view(ctx, "session_keys", func(t *tx) error {
		who, known, err := t.identity(appID, openID)
		if err == nil && !known {
			err = store.ErrNotFound
		}
		keys = store.LiveSessionKeys(who.keys, t.now)
		return err
	})
	return keys, err
}

// KeepSessionKey remembers a session_key without a login.
func (s *Store) KeepSessionKey(ctx context.Context, appID, openID string, key store.SessionKey) error {
	return s.update(ctx, "keep_session_key", func(t *tx) error {
		who, known, err := t.identity(appID, openID)
		if err != nil {
			return err
		}
		if !known {
			return store.ErrNotFound
		}
		return t.remember(appID, openID, who, key)
	})
}

// remember puts an identity with one more session_key, and notes when the keys
// that it replaced must be gone.
func (t *tx) remember(appID, openID string, who identity, key store.SessionKey) error {
	who.keys = store.RememberSessionKey(who.keys, key, t.now)
	for _, newer := range who.keys[:max(0, len(who.keys)-1)] {
		end := newer.GivenAt.Add(store.SessionKeyMemory + time.Millisecond)
		if err := t.put(bucketKeysByEnd, at(end, identityKey(appID, openID)), nil); err != nil {
			return err
		}
	}
	return t.putIdentity(appID, openID, who)
}

func identityKey(appID, openID string) []byte { return []byte(appID + "\x00" + openID) }

func splitIdentityKey(key []byte) (appID, openID string) {
	appID, openID, _ = strings.Cut(string(key), "\x00")
	return appID, openID
}

func identityRecord(appID, openID string) string {
	return "identities/" + string(identityKey(appID, openID)) + "/session_keys"
}

// identity reads an identity; false when nobody with it has logged in yet.
func (t *tx) identity(appID, openID string) (who identity, known bool, err error) {
	b := t.get(bucketIdentities, identityKey(appID, openID))
	if b == nil {
		return identity{}, false, nil
	}
	d := openRecord(b)
	who.user = d.id()
	sealed := d.bytes()
	if err := d.err("identity"); err != nil {
		return identity{}, false, err
	}
	who.keys, err = t.openSessionKeys(sealed, identityRecord(appID, openID))
	return who, err == nil, err
}

func (t *tx) putIdentity(appID, openID string, who identity) error {
	sealed, err := t.sealSessionKeys(who.keys, identityRecord(appID, openID))
	if err != nil {
		return err
	}
	e := newRecord(len(sealed) + 32)
	e.raw(who.user[:])
	e.bytes(sealed)
	return t.put(bucketIdentities, identityKey(appID, openID), e)
}

func (t *tx) sealSessionKeys(keys []store.SessionKey, record string) ([]byte, error) {
	e := newRecord(128)
	e.uint(uint64(len(keys)))
	for _, k := range keys {
		e.text(k.Text)
		e.time(k.GivenAt)
	}
	return t.ring.Seal(e, record)
}

func (t *tx) openSessionKeys(sealed []byte, record string) ([]store.SessionKey, error) {
	b, err := t.ring.Open(sealed, record)
	if err != nil {
		return nil, fmt.Errorf("%w: session_keys: %w", store.ErrDamaged, err)
	}
	d := openRecord(b)
	keys := make([]store.SessionKey, d.count())
	for i := range keys {
		keys[i] = store.SessionKey{Text: d.text(), GivenAt: d.time()}
	}
	return keys, d.err("session_keys")
}
