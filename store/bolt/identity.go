package bolt

import (
	"context"
	"errors"
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

// RefuseLogin remembers the session_key of a login that fails.
func (s *Store) RefuseLogin(ctx context.Context, in store.RefusedLogin) error {
	return s.update(ctx, "refuse_login", func(t *tx) error {
		who, known, err := t.identity(in.AppID, in.OpenID)
		if err != nil {
			return err
		}
		if !known {
			return store.ErrNotFound
		}
		by := store.Actor{IPAddress: in.IPAddress}
		return errors.Join(
			t.remember(in.AppID, in.OpenID, who, in.SessionKey),
			t.audit(store.ActionLoginRefused, who.user.Text(store.UserPrefix), by, in.Reason),
		)
	})
}

// remember puts an identity with one more session_key.
func (t *tx) remember(appID, openID string, before identity, key store.SessionKey) error {
	after := before
	after.keys = store.RememberSessionKey(before.keys, key, t.now)
	return t.putIdentity(appID, openID, before, after)
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

// putIdentity puts an identity as it is after a change, and moves the times at
// which its replaced session_keys must be gone.
func (t *tx) putIdentity(appID, openID string, before, after identity) error {
	sealed, err := t.sealSessionKeys(after.keys, identityRecord(appID, openID))
	if err != nil {
		return err
	}
	e := newRecord(len(sealed) + 32)
	e.raw(after.user[:])
	e.bytes(sealed)
	return errors.Join(
		t.put(bucketIdentities, identityKey(appID, openID), e),
		t.replace(before.ends(appID, openID), after.ends(appID, openID)),
	)
}

// dropIdentity removes an identity with all that is remembered of it.
func (t *tx) dropIdentity(appID, openID string) error {
	who, _, err := t.identity(appID, openID)
	if err != nil {
		who.keys = nil // they do not read; what is left of them in keys_by_end the sweep removes
	}
	return errors.Join(
		t.delete(bucketIdentities, identityKey(appID, openID)),
		t.replace(who.ends(appID, openID), nil),
	)
}

// ends are the entries that say when the replaced session_keys must be gone.
func (i identity) ends(appID, openID string) (list []entry) {
	for _, newer := range i.keys[:max(0, len(i.keys)-1)] {
		end := newer.GivenAt.Add(store.SessionKeyMemory + time.Millisecond)
		list = append(list, entry{bucketKeysByEnd, at(end, identityKey(appID, openID)), nil})
	}
	return list
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
