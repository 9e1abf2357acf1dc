package mysql

import (
	"encoding/json"
	"fmt"

	"menshen/store"
)

// What is sealed is JSON; the record that it belongs to is bound to it.

type sealedPhone struct {
	Number      string `json:"number"`
	PureNumber  string `json:"pureNumber"`
	CountryCode string `json:"countryCode"`
	BoundAt     int64  `json:"boundAt"`
}

func phoneRecord(userID string) string { return "users/" + userID + "/phone" }

// sealPhone closes a number for its user's record; no number is NULL.
func (t *tx) sealPhone(p *store.Phone, userID string) (any, error) {
	if p == nil {
		return nil, nil
	}
	return t.seal(sealedPhone{p.Number, p.PureNumber, p.CountryCode, ms(p.BoundAt)}, phoneRecord(userID))
}

func (t *tx) openPhone(sealed []byte, userID string) (*store.Phone, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	var p sealedPhone
	if err := t.open(sealed, phoneRecord(userID), "phone number", &p); err != nil {
		return nil, err
	}
	phone := store.Phone{Number: p.Number, PureNumber: p.PureNumber, CountryCode: p.CountryCode}
	return &phone, instant{&phone.BoundAt}.Scan(p.BoundAt)
}

// phoneLookup hides a number so that its holder can be found.
func (t *tx) phoneLookup(p *store.Phone) (any, error) {
	if p == nil {
		return nil, nil
	}
	return t.ring.Lookup(p.Canonical())
}

type sealedSessionKey struct {
	Text    string `json:"text"`
	GivenAt int64  `json:"givenAt"`
}

func identityRecord(appID, openID string) string {
	return "identities/" + appID + "\x00" + openID + "/session_keys"
}

func (t *tx) sealSessionKeys(keys []store.SessionKey, appID, openID string) ([]byte, error) {
	list := make([]sealedSessionKey, len(keys))
	for i, k := range keys {
		list[i] = sealedSessionKey{k.Text, ms(k.GivenAt)}
	}
	return t.seal(list, identityRecord(appID, openID))
}

func (t *tx) openSessionKeys(sealed []byte, appID, openID string) ([]store.SessionKey, error) {
	var list []sealedSessionKey
	if err := t.open(sealed, identityRecord(appID, openID), "session_keys", &list); err != nil {
		return nil, err
	}
	keys := make([]store.SessionKey, len(list))
	for i, k := range list {
		keys[i].Text = k.Text
		if err := (instant{&keys[i].GivenAt}).Scan(k.GivenAt); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func (t *tx) seal(value any, record string) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return t.ring.Seal(plain, record)
}

// open reads what seal closed. kind names it without personal data.
func (t *tx) open(sealed []byte, record, kind string, into any) error {
	plain, err := t.ring.Open(sealed, record)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", store.ErrDamaged, kind, err)
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return fmt.Errorf("%w: %s", store.ErrDamaged, kind)
	}
	return nil
}
